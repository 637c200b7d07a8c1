/* What the core can do at most with the set's own multiplications: sums and operands that stay in
 * registers, nothing loaded. Kernels are measured against it (Benchmarks/README.md).
 *
 * A set may say how many sums are in flight (enough to hide the latency of a multiplication, few enough
 * to stay in registers), and must hide the activations from the compiler where a product and its
 * addition are two instructions: the product would otherwise be taken out of the loop. */
#ifndef PEAK_SUMS_I8
#define PEAK_SUMS_I8 4
#endif
#ifndef PEAK_SUMS_F32
#define PEAK_SUMS_F32 5
#endif
#ifndef HIDE_ACT
#define HIDE_ACT(x)
#endif

enum { PEAK_TURNS = 8 };

/* Runs `iterations` turns and returns how many numbers it multiplied. */
static NOINLINE uint64_t SET(peak_i8)(uint64_t iterations) {
  _Alignas(64) uint8_t operands[(PEAK_SUMS_I8 + 2) * 64];
  for (size_t i = 0; i < sizeof operands; i++) operands[i] = i * 37 % 15;
  /* Unknown from here on, and different for every sum: equal sums would be computed once. */
  __asm__ volatile("" : : "r"(operands) : "memory");
  weights16 w = load_weights((const int8_t *)operands);
  act4 x = load_act(operands + 64);
  acc16 sums[PEAK_SUMS_I8];
  UNROLL for (int s = 0; s < PEAK_SUMS_I8; s++)
    sums[s] = dot4(acc_zero(), load_act(operands + (s + 2) * 64), w);
  for (uint64_t i = 0; i < iterations; i++)
    UNROLL for (int t = 0; t < PEAK_TURNS; t++)
      UNROLL for (int s = 0; s < PEAK_SUMS_I8; s++) {
        HIDE_ACT(x);
        sums[s] = dot4(sums[s], x, w);
      }
  UNROLL for (int s = 0; s < PEAK_SUMS_I8; s++)
    *(v16i_unaligned *)(operands + s * 64) = acc_value(sums[s]);
  __asm__ volatile("" : : "r"(operands) : "memory");
  return iterations * PEAK_TURNS * PEAK_SUMS_I8 * 64;
}

static NOINLINE uint64_t SET(peak_f32)(uint64_t iterations) {
  float operands[(PEAK_SUMS_F32 + 2) * 16];
  for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++) operands[i] = (float)i * 0x1p-30f;
  __asm__ volatile("" : : "r"(operands) : "memory");
  v16f x = load16(operands), w = load16(operands + 16), sums[PEAK_SUMS_F32];
  UNROLL for (int s = 0; s < PEAK_SUMS_F32; s++) sums[s] = load16(operands + (s + 2) * 16);
  for (uint64_t i = 0; i < iterations; i++)
    UNROLL for (int t = 0; t < PEAK_TURNS; t++)
      UNROLL for (int s = 0; s < PEAK_SUMS_F32; s++) sums[s] = fma16(x, w, sums[s]);
  UNROLL for (int s = 0; s < PEAK_SUMS_F32; s++) store16(operands + s * 16, sums[s]);
  __asm__ volatile("" : : "r"(operands) : "memory");
  return iterations * PEAK_TURNS * PEAK_SUMS_F32 * 16;
}
