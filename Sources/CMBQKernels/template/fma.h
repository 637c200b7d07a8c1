/* The fused multiply-add where no instruction does it, through doubles. The product of two floats is
 * exact in a double; the sum with the third is rounded to 53 bits and then to 24, and the two roundings
 * differ from one only if the first ends on a tie of the second. libm's fmaf is a call a lane. */

typedef double v16d __attribute__((vector_size(128)));
typedef int64_t v16l __attribute__((vector_size(128)));

/* One rounding, whatever the numbers: the sum is rounded to odd first (Boldo and Melquiond, "Emulation
 * of FMA and correctly rounded sums", 2008). The error of a sum is exact (Knuth's two-sum); it is NaN
 * where the sum is not finite, and then nothing is changed. */
static NOINLINE v16f fused_slowly(v16f a, v16f b, v16f c) {
  const v16d product = __builtin_convertvector(a, v16d) * __builtin_convertvector(b, v16d);
  const v16d addend = __builtin_convertvector(c, v16d);
  const v16d sum = product + addend;
  const v16d part = sum - product;
  const v16d error = (product - (sum - part)) + (addend - part);
  const v16l inexact = (error > 0.0) | (error < 0.0);
  /* -1 where the true sum lies nearer to zero, so that `bits` are those of the truncated one. */
  const v16l inwards = ((error < 0.0) ^ (sum < 0.0)) & inexact;
  const v16l bits = ((v16l)sum + inwards) | (inexact & 1);
  return __builtin_convertvector((v16d)bits, v16f);
}

/* A float's tie has these 29 bits in a double. Results below the normal floats round elsewhere and take
 * the slow way; a factor of zero leaves `c`, which padding relies on for its speed. */
#ifdef MBQ_SMALL
static NOINLINE
#else
INLINE
#endif
v16f fma16(v16f a, v16f b, v16f c) {
  const v16d product = __builtin_convertvector(a, v16d) * __builtin_convertvector(b, v16d);
  const v16d sum = product + __builtin_convertvector(c, v16d);
  const v16f y = __builtin_convertvector(sum, v16f);
  const v16i low = __builtin_convertvector((v16l)sum, v16i);
  const v16i tie = (low & 0x1FFFFFFF) == 0x10000000;
  const v16i tiny = (((v16i)y & 0x7FFFFFFF) <= 0x00800000) & (a != 0.0f) & (b != 0.0f);
  if (__builtin_expect(__builtin_reduce_or(tie | tiny), 0)) return fused_slowly(a, b, c);
  return y;
}
