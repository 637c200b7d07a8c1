/* exp, erf, tanh as polynomials of fixed order (11)-(13): libm's differ from system to system. */

/* e^x for x <= 88, within 2 ulp; 0 below -87; a NaN stays one. Range reduction and coefficients after Cephes' expf. */
INLINE v16f exp16(v16f x) {
  v16f clamped = max16(x, splat(-87.0f));
  v16f n = (clamped * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  v16f r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  v16f y = splat(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  v16i exponent = __builtin_convertvector(n, v16i) << 23;
  v16f result = (v16f)((v16i)y + exponent);
  return select16(x < -87.0f, splat(0.0f), select16(x == x, result, x));
}

/* erf, within 6e-7: Abramowitz and Stegun 7.1.26 (1.5e-7), and the rounding of its terms. */
INLINE v16f erf16(v16f x) {
  v16f a = (v16f)((v16i)x & 0x7FFFFFFF);
  v16f t = 1.0f / (a * 0.3275911f + 1.0f);
  v16f p = t * 1.061405429f + -1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t + -0.284496736f;
  p = p * t + 0.254829592f;
  v16f e = 1.0f - (p * t) * exp16(-(a * a));
  return (v16f)((v16i)e | ((v16i)x & (int32_t)0x80000000));
}

INLINE v16f gelu16(v16f x) { return (x * 0.5f) * (erf16(x * 0.70710678118654752f) + 1.0f); }

INLINE v16f tanh16(v16f x) {
  v16f a = (v16f)((v16i)x & 0x7FFFFFFF);
  v16f e = exp16(a * -2.0f);
  v16f t = (1.0f - e) / (1.0f + e);
  return (v16f)((v16i)t | ((v16i)x & (int32_t)0x80000000));
}

/* Activations of Formats/mbq/mbq.md. ReLU maps a NaN to 0. */
INLINE v16f activate(v16f y, uint32_t activation) {
  switch (activation) {
  case MBQ_ACTIVATION_RELU: return max16(y, splat(0.0f));
  case MBQ_ACTIVATION_GELU: return gelu16(y);
  case MBQ_ACTIVATION_TANH: return tanh16(y);
  default: return y;
  }
}
