/* Plain C: what every other set is compared with. */
#include "../scratch.h"
#define CONVERTS_HALF 0
#if !defined(__aarch64__) /* where every processor has it */
#define WITHOUT_FMA
#endif
#include "../template/vec.h"
#include "../template/functions.h"

#define SET(name) mbq_generic_##name
#define SET_NAME "generic"
#define SET_NEEDS 0
#ifdef MBQ_SMALL
#define I8_ROWS 1
#else
#define I8_ROWS 4
#endif
#define I8_PANELS 1
#ifdef MBQ_SMALL
#define F32_ROWS 1
#else
#define F32_ROWS 2
#endif
#define F32_PANELS 1
#define ACT_BYTES 1
#define ACT_OFFSET 0
#define WITHOUT_PEAK /* 45 kB of plain C for nothing but a number */
#ifndef MBQ_SMALL
#define VALUE_ROWS 2
#endif

typedef struct { int32_t lane[16]; } acc16;
typedef const int8_t *weights16;
typedef const int8_t *act4;
typedef const int16_t *pairs16;
typedef const int16_t *weights2;

INLINE acc16 acc_zero(void) { return (acc16){{0}}; }
INLINE v16i acc_value(acc16 a) {
  v16i x;
  __builtin_memcpy(&x, a.lane, sizeof x);
  return x;
}
INLINE weights16 load_weights(const int8_t *p) { return p; }
INLINE act4 load_act(const uint8_t *p) { return (const int8_t *)p; }
INLINE acc16 dot4(acc16 a, act4 x, weights16 w) {
  for (int i = 0; i < 16; i++)
    a.lane[i] += x[0] * w[4 * i] + x[1] * w[4 * i + 1] + x[2] * w[4 * i + 2] + x[3] * w[4 * i + 3];
  return a;
}
INLINE void store_activations(uint8_t *p, v16i q) {
  *(v16b_unaligned *)p = __builtin_convertvector(q, v16b);
}
INLINE pairs16 load_pairs(const int16_t *p) { return p; }
INLINE weights2 load_weights2(const int16_t *p) { return p; }
INLINE acc16 dot2(acc16 a, weights2 w, pairs16 v) {
  for (int i = 0; i < 16; i++) a.lane[i] += w[0] * v[2 * i] + w[1] * v[2 * i + 1];
  return a;
}

#include "../template/kernel_set.h"
