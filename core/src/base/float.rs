//! The functions on floats that need more than the language: one file, so that their source can be named.
//!
//! *Owns*: elementary functions for geography, cardinality estimates and score arithmetic, from the `libm` crate:
//! the same bits on every platform. *Does not own*: reading and printing numbers (`number`).
//! No other file of the core names a float function of std or of `libm`.

/// Declares wrappers around functions of `libm`.
macro_rules! wrap {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),+) = $inner:ident;)*) => {
        $($(#[$doc])* #[must_use] #[inline] pub fn $name($($arg: f64),+) -> f64 { libm::$inner($($arg),+) })*
    };
}

wrap! {
    /// Square root.
    sqrt(x) = sqrt;
    /// Sine of radians.
    sin(x) = sin;
    /// Cosine of radians.
    cos(x) = cos;
    /// Tangent of radians.
    tan(x) = tan;
    /// Arc sine in radians.
    asin(x) = asin;
    /// Arc cosine in radians.
    acos(x) = acos;
    /// Arc tangent in radians.
    atan(x) = atan;
    /// Angle of the point (`x`, `y`) in radians.
    atan2(y, x) = atan2;
    /// e to the power of `x`.
    exp(x) = exp;
    /// Natural logarithm.
    ln(x) = log;
    /// Logarithm to base 2.
    log2(x) = log2;
    /// Logarithm to base 10.
    log10(x) = log10;
    /// `x` to the power of `y`.
    pow(x, y) = pow;
    /// Largest whole number not above `x`.
    floor(x) = floor;
    /// Smallest whole number not below `x`.
    ceil(x) = ceil;
    /// Nearest whole number, halves away from zero.
    round(x) = round;
    /// Nearest whole number, halves to the even one.
    round_even(x) = rint;
    /// The whole part.
    trunc(x) = trunc;
    /// The rest of the division that rounds towards zero.
    fmod(x, y) = fmod;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wired_to_what_they_say() {
        assert_eq!(sqrt(2.25), 1.5);
        assert_eq!(
            (floor(-1.5), ceil(-1.5), trunc(-1.5), round(-1.5), round_even(2.5)),
            (-2.0, -1.0, -1.0, -2.0, 2.0)
        );
        assert_eq!(
            (pow(2.0, 10.0), log2(8.0), log10(1000.0), ln(1.0), exp(0.0)),
            (1024.0, 3.0, 3.0, 0.0, 1.0)
        );
        assert_eq!(
            (sin(0.0), cos(0.0), tan(0.0), asin(0.0), acos(1.0), atan(0.0)),
            (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
        );
        assert_eq!((atan2(0.0, 1.0), fmod(-7.5, 2.0)), (0.0, -1.5));
    }
}
