/* The whole surface of the C kernels. Formats/arithmetic.md derives the arithmetic; the numbers in
 * brackets are its equations. Every kernel set gives the same bits for the same arguments.
 *
 * Conventions: matrices are row-major; strides count floats; every row starts on a multiple of 16
 * floats from the first and is readable and writable up to its width rounded up to 16 (the columns
 * past the width hold zeros). Vectors of per-channel numbers are padded with zeros in the same way.
 * Scratch, column sums and outputs of sums start on a multiple of 64 bytes; nothing else needs to be
 * aligned beyond its type. Nothing here allocates, checks lengths or keeps state: MBQKernels, the only
 * caller, checks what is said here. */
#ifndef MBQ_KERNELS_H
#define MBQ_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* The longest text, in tokens. The value product of attention sums one product of a 127 and a 2^14
 * per token in an int32 (14): 2^31 / (127 * 2^14) = 1032, so 1024, the power of two below. */
#define MBQ_MAX_TOKENS 1024

/* The deepest int8 product. A u8 times an s8 is at least -255 * 127 = -32385 and
 * 2^31 / 32385 = 66311, so 65536, the power of two below. */
#define MBQ_MAX_DEPTH 65536

/* The widest head of an attention, in columns. */
#define MBQ_MAX_HEAD 256

/* The most rows to give a linear at once: a multiple of every set's row block, so that only a text's
 * last block is partly filled; more are taken in parts. Large enough that a layer's weights are read
 * from the second cache a few times only, small enough that the rows' hidden states stay in it beside
 * them. */
#define MBQ_TILE_ROWS 72

enum { MBQ_ACTIVATION_NONE = 0, MBQ_ACTIVATION_RELU = 1, MBQ_ACTIVATION_GELU = 2,
       MBQ_ACTIVATION_TANH = 3 };
enum { MBQ_NORM_NONE = 0, MBQ_NORM_NO_NORM = 1, MBQ_NORM_LAYER_NORM = 2 };
enum { MBQ_ROW_F32 = 0, MBQ_ROW_F16 = 1, MBQ_ROW_I8 = 2, MBQ_ROW_LEVELS = 3 };

/* int8 weights written shorter, as levels: a byte of `groups` says what the levels of a row's group stand
 * for, each an integer within int8 (8). All zeros for weights that are none. */
typedef struct {
  const uint8_t *groups;       /* [N/16][K/group_size][16]; of a table's row [K/group_size] */
  uint32_t group_size;         /* a multiple of 32 */
  uint32_t bits;               /* of a level; template/levels.h has their order */
} mbq_levels;

/* output = norm(activation(input * weights^T + bias) + residual) for `rows` rows. */
typedef struct {
  const float *input;
  size_t input_stride;
  const void *weights;         /* i8 [N/16][K/4][16][4], or its levels; f32 and f16 [N/16][K][16] */
  const float *scales;         /* (N) one per output channel; i8 only */
  const int32_t *column_sums;  /* (N) 128 * sum over k of the weights, 64-byte aligned; i8 only */
  const float *bias;           /* (N) or NULL */
  const float *residual;       /* (rows, N) or NULL */
  size_t residual_stride;
  const float *gamma, *beta;   /* (N) each, with a norm */
  float *output;               /* (rows, N); may be the residual, never the input */
  size_t output_stride;
  uint32_t rows, inputs, outputs;
  uint32_t activation, norm;
  float epsilon;
  void *scratch;               /* mbq_linear_scratch(inputs, ...) bytes, 64-byte aligned */
  /* The rest is for integer weights, and may be zeros. */
  mbq_levels levels;
  uint32_t wide;               /* 1: activations of 16 bits (6) */
  float step;                  /* of every row (5); 0: each row's own */
  const float *smoothing;      /* (K) or NULL: the input is multiplied with it first */
} mbq_linear;

/* One head of one text. `output` (tokens, head_size) = softmax(query * key^T * scale) * value. */
typedef struct {
  const float *query, *key, *value;
  size_t query_stride, key_stride, value_stride;
  float *output;
  size_t output_stride;
  uint32_t tokens, head_size;
  uint32_t row_count;          /* query rows to compute, from the first on */
  float scale;
  float query_step, key_step, value_step;  /* of every token (5); 0: each its own. int8 only */
  void *scratch;               /* mbq_attention_scratch(tokens, head_size) bytes, 64-byte aligned */
} mbq_attention;

/* output = norm(input + residual), row by row. */
typedef struct {
  const float *input, *residual;  /* residual or NULL */
  size_t input_stride, residual_stride;
  const float *gamma, *beta;
  float *output;
  size_t output_stride;
  uint32_t rows, width, norm;
  float epsilon;
} mbq_norm;

typedef struct {
  const char *name;
  uint32_t needs;              /* MBQ_CPU_* bits */
  void (*linear_i8)(const mbq_linear *);
  void (*linear_f32)(const mbq_linear *);
  void (*linear_f16)(const mbq_linear *);
  void (*attention_i8)(const mbq_attention *);
  void (*attention_f32)(const mbq_attention *);
  void (*norm)(const mbq_norm *);
  /* output[0 ..< width] = row * scale, or added to it. `kind` is MBQ_ROW_*. */
  void (*widen_row)(float *output, const void *row, float scale, uint32_t width, uint32_t kind,
                    int accumulate, mbq_levels levels);
  /* sums[n] = 128 * sum over k of the weights, int8 or levels, as mbq_linear has them; `sums` is 64-byte
   * aligned. */
  void (*column_sums)(const void *weights, uint32_t inputs, uint32_t outputs, int32_t *sums,
                      mbq_levels levels);
  /* Keeps the set's multipliers busy for `iterations` turns, touching no memory; how many numbers were
   * multiplied. For measuring only; NULL in sets whose product is not made of one instruction's steps. */
  uint64_t (*peak_i8)(uint64_t iterations);
  uint64_t (*peak_f32)(uint64_t iterations);
} mbq_kernel_set;

/* The sets compiled for this architecture, best first; generic C last. */
size_t mbq_kernel_sets(const mbq_kernel_set *const **first);

/* The MBQ_CPU_* bits of this processor. */
uint32_t mbq_cpu_features(void);
enum { MBQ_CPU_AVX2_FMA_F16C = 1, MBQ_CPU_AVX_VNNI = 2, MBQ_CPU_AVX512_VNNI = 4,
       MBQ_CPU_NEON_DOTPROD = 8, MBQ_CPU_NEON_I8MM = 16 };

size_t mbq_linear_scratch(uint32_t inputs, int has_levels, int has_smoothing);
size_t mbq_attention_scratch(uint32_t tokens, uint32_t head_size);

/* probabilities[i] = e^(logits[i] / temperature) / sum over j of e^(logits[j] / temperature), (16). */
void mbq_softmax(const float *logits, uint32_t count, float temperature, float *probabilities);

/* probabilities[i] = 1 / (1 + e^-logits[i]), (17). */
void mbq_sigmoid(const float *logits, uint32_t count, float *probabilities);

/* Tells the processor that this is a waiting loop. */
static inline void mbq_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
