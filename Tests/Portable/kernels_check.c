/* Digests of what a kernel set gives on awkward shapes and numbers, one line a suite:
 *
 *     suite cases digest
 *
 * Every set on every platform has to print the same lines. The numbers come from integers by exact steps, so
 * no platform starts with others. There is no libc here but memcpy and memset: it also runs as wasm. */
#include "kernels_check.h"
#include "mbq_bytes.h"
#include "mbq_kernels.h"

static uint64_t state;
static uint32_t next(void) { /* SplitMix64 */
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (uint32_t)((z ^ (z >> 31)) >> 16);
}
static float bits(uint32_t x) {
  float f;
  memcpy(&f, &x, 4);
  return f;
}
static float unit(void) { return (float)(int32_t)next() * 0x1p-31f; }

/* Memory of one case: pieces with guards between them. */
static _Alignas(64) uint8_t arena[12 << 20];
static size_t used, ends[64];
static uint32_t pieces, cases, digest, overruns;
enum { GUARD = 64 };

static void begin(uint64_t seed) {
  state = seed;
  used = pieces = 0;
}
static void *room(size_t bytes) {
  uint8_t *p = arena + used;
  memset(p, 0xA5, bytes);
  memset(p + bytes, 0x5A, GUARD);
  ends[pieces++] = used + bytes;
  used += (bytes + GUARD + 63) / 64 * 64;
  return p;
}
static void end(void) {
  cases++;
  for (uint32_t i = 0; i < pieces; i++)
    for (int j = 0; j < GUARD; j++) overruns += arena[ends[i] + j] != 0x5A;
}
/* Two NaNs are equal whatever their payload. */
static void digest_floats(const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float y = x[i] == x[i] ? x[i] : bits(0x7FC00000);
    digest = mbq_crc32(digest, &y, 4);
  }
}

static size_t up(size_t n, size_t m) { return (n + m - 1) / m * m; }

enum { PLAIN, AWKWARD };
/* A row that is random, or by its number empty, tiny, huge, with an outlier, on ties, or not finite. */
static void fill_row(float *row, uint32_t width, uint32_t number, int kind) {
  static const float scales[] = {0, 0x1p-149f, 0x1p-133f, 0x1p-101f, 0x1p-100f, 1e-20f, 1e20f, 1e30f};
  for (uint32_t k = 0; k < width; k++) row[k] = unit() * 3;
  if (kind == PLAIN) return;
  if (number < 8) {
    for (uint32_t k = 0; k < width; k++) row[k] *= scales[number];
  } else if (number == 8) {
    row[width / 2] = 1e30f;
  } else if (number == 9) {
    for (uint32_t k = 0; k < width; k++) row[k] = k ? (float)(next() % 100) + 0.5f : 127;
  } else if (number < 14) {
    static const uint32_t special[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF};
    row[width / 3] = bits(special[number - 10]);
  }
}
static float *matrix(uint32_t rows, uint32_t width, size_t stride, int kind) {
  float *x = room(rows * stride * 4);
  for (uint32_t r = 0; r < rows; r++) {
    fill_row(x + r * stride, width, r, kind);
    for (size_t k = width; k < up(width, 16); k++) x[r * stride + k] = 0;
  }
  return x;
}
static float *vector(uint32_t width, float scale) {
  float *x = matrix(1, width, up(width, 16), PLAIN);
  for (uint32_t k = 0; k < width; k++) x[k] *= scale;
  return x;
}

/* Levels (any bits: rows and columns past the matrix meet zeros), and groups that fit int8. */
static void levels(mbq_linear *a, uint32_t bits, uint32_t group_size) {
  const size_t panels = up(a->outputs, 16) / 16, count = panels * up(a->inputs, 32) * 2 * bits;
  const size_t groups = panels * up(a->inputs, group_size) / group_size * 16;
  const uint32_t top = (1u << bits) - 1;
  uint8_t *w = room(count), *g = room(groups);
  for (size_t i = 0; i < count; i++) w[i] = (uint8_t)next();
  for (size_t i = 0; i < groups; i++) {
    const uint32_t z = next() % (top + 1), most = 127 / (z > top - z ? z : top - z);
    g[i] = (uint8_t)(z << 4 | next() % ((most > 15 ? 15 : most) + 1));
  }
  a->weights = w;
  a->levels = (mbq_levels){g, group_size, bits};
}

/* int8 linears only: int8 weights or levels, of 4, 3 or 2 bits in groups of 32, 64 or 128; then the grid, by
 * threes; then smoothing. */
enum { STORED = 10, FORMS = STORED * 3 * 2 };
static uint32_t form;

static void linear(const mbq_kernel_set *set, int kind, uint32_t rows, uint32_t inputs,
                   uint32_t outputs, uint32_t option, int numbers) {
  begin((uint64_t)rows << 40 | inputs << 20 | outputs);
  const size_t in = up(inputs, 16) + 16, out = up(outputs, 16) + 32, group = kind == MBQ_ROW_I8 ? 4 : 1;
  const size_t size = kind == MBQ_ROW_F32 ? 4 : kind == MBQ_ROW_F16 ? 2 : 1;
  const size_t panels = up(outputs, 16) / 16, depth = up(inputs, group);
  mbq_linear a = {.input = matrix(rows, inputs, in, numbers), .input_stride = in};
  uint8_t *w = room(panels * depth * 16 * size);
  for (size_t n = 0; n < panels * 16; n++) {
    for (size_t k = 0; k < depth; k++) {
      const int inside = n < outputs && k < inputs;
      uint8_t *place = w + ((n / 16 * depth + k / group * group) * 16 + n % 16 * group + k % group) * size;
      const float x = inside ? unit() : 0;
      const uint16_t half = inside ? next() & 0xBFFF : 0;
      const int8_t byte = inside ? (int8_t)((int)(next() % 255) - 127) : 0;
      memcpy(place, kind == MBQ_ROW_F32 ? (const void *)&x : kind == MBQ_ROW_F16 ? (const void *)&half
                                                                                : (const void *)&byte, size);
    }
  }
  a.weights = w;
  a.rows = rows, a.inputs = inputs, a.outputs = outputs;
  if (kind == MBQ_ROW_I8) {
    const uint32_t stored = form % STORED, grid = form / STORED % 3;
    if (stored > 0) levels(&a, 4 - (stored - 1) / 3, 32u << (stored - 1) % 3);
    a.step = grid == 1 ? 0.02f : 0;
    a.wide = grid == 2;
    if (form / STORED / 3 % 2) a.smoothing = vector(inputs, 1);
    int32_t *sums = room(panels * 64);
    set->column_sums(a.weights, inputs, outputs, sums, a.levels);
    digest = mbq_crc32(digest, sums, panels * 64);
    a.column_sums = sums;
    a.scales = vector(outputs, 0.01f);
  }
  if (option % 2) a.bias = vector(outputs, 1);
  a.activation = option / 2 % 4;
  a.norm = option / 8 % 3;
  a.gamma = vector(outputs, 1);
  a.beta = vector(outputs, 1);
  float *residual = matrix(rows, outputs, out, PLAIN), *y = matrix(rows, outputs, out, PLAIN);
  const uint32_t from = option / 24 % 3;
  if (from) a.residual = residual, a.residual_stride = out;
  a.output = from == 2 ? residual : y;
  a.output_stride = out;
  a.epsilon = 1e-5f;
  a.scratch = room(mbq_linear_scratch(inputs, a.levels.group_size != 0, a.smoothing != NULL));
  (kind == MBQ_ROW_F32 ? set->linear_f32 : kind == MBQ_ROW_F16 ? set->linear_f16 : set->linear_i8)(&a);
  for (uint32_t r = 0; r < rows; r++) digest_floats(a.output + r * out, outputs);
  end();
}

static void linears(const mbq_kernel_set *set, int kind) {
  static const uint16_t ins[] = {1, 2, 3, 4, 5, 15, 16, 17, 30, 48, 64, 100, 128, 384, 512};
  static const uint16_t outs[] = {1, 2, 5, 15, 16, 17, 31, 32, 33, 48, 63, 100, 128, 384, 512};
  uint32_t option = 0; /* walks through all 72: 7 has no factor in common with it */
  for (uint32_t rows = 1; rows <= 30; rows++) linear(set, kind, rows, 37, 83, option += 7, PLAIN);
  for (uint32_t i = 0; i < 225; i += 2) linear(set, kind, 5, ins[i / 15], outs[i % 15], option += 7, PLAIN);
  for (uint32_t i = 0; i < 72; i++) linear(set, kind, 14, 20, 45, i, PLAIN);
  for (uint32_t i = 0; i < 72; i += 5) linear(set, kind, 16, ins[i % 15], 35, i, AWKWARD);
}

static void forms(const mbq_kernel_set *set) {
  static const uint16_t rows[] = {1, 5, 13, 71, 73}, ins[] = {1, 7, 33, 64, 129, 136}, outs[] = {1, 17, 32, 35};
  for (uint32_t i = 0; i < 5 * FORMS; i++) {
    form = i % FORMS;
    linear(set, MBQ_ROW_I8, rows[(i + i / FORMS) % 5], ins[i / 5 % 6], outs[i / 7 % 4], i * 7,
           i % 11 == 0 ? AWKWARD : PLAIN);
  }
  form = 0;
}

static void attention(const mbq_kernel_set *set, int floats, uint32_t tokens, uint32_t size,
                      uint32_t first, uint32_t count, int numbers) {
  begin((uint64_t)tokens << 20 | size);
  const size_t stride = up(size, 16) + 16;
  mbq_attention a = {.query_stride = stride, .key_stride = stride, .value_stride = stride,
                     .output_stride = stride, .tokens = tokens, .head_size = size,
                     .row_count = count};
  a.query = matrix(tokens, size, stride, numbers & 1 ? AWKWARD : PLAIN);
  a.key = matrix(tokens, size, stride, numbers & 2 ? AWKWARD : PLAIN);
  a.value = matrix(tokens, size, stride, numbers & 4 ? AWKWARD : PLAIN);
  a.output = matrix(tokens, size, stride, PLAIN);
  /* The rows from `first` on are the first rows of a call that starts there. */
  a.query += first * stride;
  a.output += first * stride;
  a.scale = 0.25f;
  if (tokens % 5 == 3) a.query_step = 0.02f, a.key_step = 0.01f, a.value_step = 0.015f;
  a.scratch = room(mbq_attention_scratch(tokens, size));
  (floats ? set->attention_f32 : set->attention_i8)(&a);
  for (uint32_t r = 0; r < count; r++) digest_floats(a.output + r * stride, size);
  end();
}

static void attentions(const mbq_kernel_set *set, int floats) {
  static const uint16_t sizes[] = {1, 4, 8, 16, 24, 32, 64, 256};
  for (uint32_t i = 0; i < 8; i++) {
    for (uint32_t tokens = 1; tokens < 45; tokens += 1 + i % 3)
      attention(set, floats, tokens, sizes[i], tokens / 3, tokens - tokens / 3, 0);
    for (int numbers = 1; numbers < 8; numbers++) attention(set, floats, 17, sizes[i], 0, 17, numbers);
  }
  attention(set, floats, 130, 32, 0, 130, 0);
  attention(set, floats, 1024, 8, 1000, 24, 0);
}

static void norms(const mbq_kernel_set *set) {
  static const uint16_t widths[] = {1, 2, 15, 16, 17, 24, 48, 100, 128, 512};
  for (uint32_t i = 0; i < 120; i++) {
    const uint32_t width = widths[i / 12];
    const size_t stride = up(width, 16);
    begin(i);
    float *x = matrix(20, width, stride, AWKWARD), *r = matrix(20, width, stride, PLAIN);
    float *y = i % 2 ? x : matrix(20, width, stride, PLAIN);
    mbq_norm a = {.input = x, .input_stride = stride, .residual = i / 2 % 2 ? r : NULL,
                  .residual_stride = stride, .gamma = vector(width, 1), .beta = vector(width, 1),
                  .output = y, .output_stride = stride, .rows = 20, .width = width,
                  .norm = i / 4 % 3, .epsilon = 1e-12f};
    set->norm(&a);
    for (uint32_t row = 0; row < 20; row++) digest_floats(y + row * stride, width);
    end();
  }
}

static void stored_rows(const mbq_kernel_set *set) {
  uint8_t groups[4];
  for (uint32_t i = 0; i < 240; i++) {
    const uint32_t width = 1 + i / 4, kind = i % 4, size = kind == MBQ_ROW_F32 ? 4 : kind == MBQ_ROW_F16 ? 2 : 1;
    for (int g = 0; g < 4; g++) groups[g] = (uint8_t)((next() % 16) << 4 | next() % 9);
    begin(i);
    float *y = vector(width, 1);
    uint8_t *row = room(width * size);
    for (uint32_t k = 0; k < width; k++) {
      const uint32_t any = next() & (kind == MBQ_ROW_F32 ? 0x3FFFFFFF : ~0u);
      memcpy(row + k * size, &any, size);
    }
    set->widen_row(y, row, 0.0123f, width, kind, i / 4 % 2,
                   (mbq_levels){groups, 32, 4 - i / 8 % 3});
    digest_floats(y, width);
    end();
  }
}

static float power(int n) { return bits((uint32_t)(n + 127) << 23); }

/* Fused multiply-adds a * b + c that a second rounding would spoil: as an fp32 linear over two inputs,
 * x = (1, a) and weights (c, b). Products of 1 + 2^-23 i and 1 - 2^-24 j end in bits a double's sum with
 * 2^24 drops, and are half a step of such a sum. */
static void fused(const mbq_kernel_set *set) {
  static const int8_t powers[][2] = {{0, 0}, {-60, 0}, {60, 40}, {-50, -50}, {-75, -75}, {-75, -75}, {3, -3}, {52, 50}};
  enum { OUTPUTS = 64 };
  for (uint32_t i = 0; i < 2000; i++) {
    begin(i);
    const uint32_t how = i % 8;
    float *x = matrix(1, 2, 16, PLAIN), *w = room(OUTPUTS * 2 * 4), *y = matrix(1, OUTPUTS, OUTPUTS, PLAIN);
    const float pa = power(powers[how][0]), pb = power(powers[how][1]);
    const int below = powers[how][0] == -75; /* sums are no normal floats, and their step is 2^-149 */
    x[0] = 1;
    x[1] = (1 + (float)(next() & 3) * 0x1p-23f) * pa * (i & 8 ? -1 : 1);
    for (uint32_t n = 0; n < OUTPUTS; n++) {
      float b = (1 - (float)(next() & 7) * 0x1p-24f) * pb;
      const uint32_t fraction = next() & 0x7FFFFF;
      float c = below ? bits(fraction) : (float)(0x1000000 + 2 * fraction) * pa * pb;
      if (n & 1) c = -c;
      if (n % 8 == 2) c = -x[1] * b; /* cancels but for the product's last bits */
      if (n % 8 == 4) b = unit() * pb;
      if (n % 8 == 5) c *= 0x1p-24f;
      if (n % 8 == 6) c = bits(0), b = -b;
      if (n == 63) b = bits(next()), c = bits(next()); /* anything there is */
      w[n / 16 * 32 + n % 16] = c;
      w[n / 16 * 32 + n % 16 + 16] = b;
    }
    mbq_linear a = {.input = x, .input_stride = 16, .weights = w, .output = y, .output_stride = OUTPUTS,
                    .rows = 1, .inputs = 2, .outputs = OUTPUTS, .scratch = room(mbq_linear_scratch(2, 0, 0))};
    set->linear_f32(&a);
    digest_floats(y, OUTPUTS);
    end();
  }
}

size_t kernels_check(const mbq_kernel_set *set, check_line *lines) {
  static const char *const names[] = {"linear-f32", "linear-f16", "linear-i8", "attention-i8",
                                      "attention-f32", "norm", "stored-rows", "fused", "linear-forms"};
  for (uint32_t i = 0; i < CHECK_SUITES; i++) {
    cases = digest = overruns = 0;
    if (i < 3) linears(set, (int)i);
    if (i == 3 || i == 4) attentions(set, i == 4);
    if (i == 5) norms(set);
    if (i == 6) stored_rows(set);
    if (i == 7) fused(set);
    if (i == 8) forms(set);
    lines[i] = (check_line){names[i], cases, digest, overruns};
  }
  return CHECK_SUITES;
}
