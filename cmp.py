import subprocess
def cli(p,*a): return subprocess.run(['redis-cli','-p',str(p),*a],capture_output=True,text=True).stdout
def dump(p):
    out={}
    for k in cli(p,'KEYS','*').split():
        t=cli(p,'TYPE',k).strip()
        out[k]=(t,sorted(cli(p,'SMEMBERS',k).split('\n')) if t=='set' else sorted(zip(*[iter(cli(p,'HGETALL',k).split('\n'))]*2)))
    return out
a,b=dump(24581),dump(24582)
print(len(a),len(b),a==b)
if a!=b:
    for k in set(a)|set(b):
        if a.get(k)!=b.get(k): print(k,str(a.get(k))[:300],str(b.get(k))[:300])
for k in ['small1','ints1','big','h1','bigh','longv']: print(k,cli(24581,'OBJECT','ENCODING',k).strip(),cli(24582,'OBJECT','ENCODING',k).strip())
