/* What the NEON sets share: sixteen sums in four registers, and the value product of attention.
 * SMLAL takes one token at a time, so the pairs of the layout are taken apart while they are loaded. */
#include <arm_neon.h>

#define CONVERTS_HALF 1
#define F32_ROWS 6
#define F32_PANELS 1
#define I8_PANELS 1
#define ACT_BYTES 1
#define ACT_OFFSET 0

typedef struct { int32x4_t quarter[4]; } acc16;
typedef struct { int16x8x2_t low, high; } pairs16;
typedef int16x4_t weights2;

INLINE acc16 acc_zero(void) {
  const int32x4_t zero = vdupq_n_s32(0);
  return (acc16){{zero, zero, zero, zero}};
}
INLINE v16i acc_value(acc16 a) {
  v16i x;
  __builtin_memcpy(&x, &a, sizeof x);
  return x;
}
INLINE pairs16 load_pairs(const int16_t *p) { return (pairs16){vld2q_s16(p), vld2q_s16(p + 16)}; }
INLINE weights2 load_weights2(const int16_t *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return vreinterpret_s16_s32(vdup_n_s32(x));
}
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) {
  a.quarter[0] = vmlal_lane_s16(a.quarter[0], vget_low_s16(v.low.val[0]), w, 0);
  a.quarter[1] = vmlal_high_lane_s16(a.quarter[1], v.low.val[0], w, 0);
  a.quarter[2] = vmlal_lane_s16(a.quarter[2], vget_low_s16(v.high.val[0]), w, 0);
  a.quarter[3] = vmlal_high_lane_s16(a.quarter[3], v.high.val[0], w, 0);
  a.quarter[0] = vmlal_lane_s16(a.quarter[0], vget_low_s16(v.low.val[1]), w, 1);
  a.quarter[1] = vmlal_high_lane_s16(a.quarter[1], v.low.val[1], w, 1);
  a.quarter[2] = vmlal_lane_s16(a.quarter[2], vget_low_s16(v.high.val[1]), w, 1);
  a.quarter[3] = vmlal_high_lane_s16(a.quarter[3], v.high.val[1], w, 1);
  return a;
}
