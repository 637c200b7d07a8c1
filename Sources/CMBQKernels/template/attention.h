/* One head of one text, a block of query rows at a time. Masked and padded positions do not exist:
 * every loop runs over the text's own tokens. */

/* The largest score of a row's own tokens; those behind them become -infinity. */
INLINE float top_score(float *scores, uint32_t tokens, uint32_t tokens16) {
  const uint32_t last = tokens16 - 16;
  const v16f lowest = splat(-__builtin_inff());
  v16f m = select16(lanes_below(last, tokens), load16(scores + last), lowest);
  store16(scores + last, m);
  for (uint32_t j = 0; j < last; j += 16) m = max16(m, load16(scores + j));
  return max_lane_f(m);
}

/* Turns `scores` (tokens16) into e^(score - max), 0 past `tokens`; returns their sum (9). */
INLINE float softmax_row(float *scores, uint32_t tokens, uint32_t tokens16) {
  const float top = top_score(scores, tokens, tokens16);
  v16f total = splat(0.0f);
  for (uint32_t j = 0; j < tokens16; j += 16) {
    v16f p = exp16(load16(scores + j) - top);
    store16(scores + j, p);
    total = total + p;
  }
  return sum16(total);
}

/* Stores `count` (at most 16) lanes. */
INLINE void store_lanes(float *p, v16f x, uint32_t count) {
  if (count >= 16) {
    store16(p, x);
  } else {
    float lanes[16];
    store16(lanes, x);
    __builtin_memcpy(p, lanes, count * sizeof(float));
  }
}

/* The head's columns of one row as whole blocks, zeros behind them. */
INLINE void copy_head(const float *x, uint32_t head_size, uint32_t head16, float *block) {
  for (uint32_t d = head_size; d < head16; d++) block[d] = 0.0f;
  __builtin_memcpy(block, x, head_size * sizeof(float));
}

/* The head's columns of one row, readable in whole blocks: where they are, or copied to `room`. */
INLINE const float *head_row(const float *x, uint32_t head_size, uint32_t head16, float *room) {
  if (head_size == head16) return x;
  copy_head(x, head_size, head16, room);
  return room;
}

/* The largest magnitude of a head's row, as bits. */
INLINE int32_t head_magnitude(const float *row, uint32_t head16) {
  v16i m = {0};
  for (uint32_t d = 0; d < head16; d += 16) m = magnitude_max(m, load16(row + d));
  return max_lane(m);
}

INLINE void pack_keys_i8(const mbq_attention *a, const mbq_attention_layout *l) {
  uint8_t *s = a->scratch;
  const uint32_t groups = (a->head_size + 3) / 4;
  float *scales = (float *)(s + l->key_scales);
  int32_t *sums = (int32_t *)(s + l->key_sums);
  for (uint32_t j = 0; j < l->tokens16; j++) {
    int8_t *panel = (int8_t *)(s + l->keys) + (size_t)(j / 16) * groups * 64 + (j % 16) * 4;
    if (j >= a->tokens) {
      for (uint32_t g = 0; g < groups; g++) __builtin_memset(panel + (size_t)g * 64, 0, 4);
      scales[j] = 0.0f;
      sums[j] = 0;
      continue;
    }
    _Alignas(64) float room[MBQ_MAX_HEAD];
    _Alignas(64) int8_t q[MBQ_MAX_HEAD];
    const float *row = head_row(a->key + j * a->key_stride, a->head_size, l->head16, room);
    const row_step step = row_step_of(head_magnitude(row, l->head16), a->key_step);
    v16i total = {0};
    for (uint32_t d = 0; d < l->head16; d += 16) {
      v16i x = on_grid(load16(row + d), step.inverse, a->key_step);
      total += x;
      *(v16b_unaligned *)(q + d) = __builtin_convertvector(x, v16b);
    }
    /* A compiler that sees a scatter here writes one, and they take longer. */
    _Pragma("clang loop vectorize(disable)")
    for (uint32_t g = 0; g < groups; g++) __builtin_memcpy(panel + (size_t)g * 64, q + g * 4, 4);
    scales[j] = step.scale;
    sums[j] = 128 * __builtin_reduce_add(total);
  }
}

/* Returns 0, or NaN if a token's values are not finite: their integers are 0, and the rounded weights
 * would drop the NaN of their step. */
INLINE float pack_values_i8(const mbq_attention *a, const mbq_attention_layout *l) {
  uint8_t *s = a->scratch;
  float *scales = (float *)(s + l->value_scales);
  const size_t panel = (size_t)l->tokens16 * 16;
  float lost = 0.0f;
  for (uint32_t j = 0; j < l->tokens16; j += 2) {
    int16_t *pairs = (int16_t *)(s + l->values) + (size_t)j * 16;
    _Alignas(64) float rooms[2][MBQ_MAX_HEAD];
    const float *rows[2];
    row_step steps[2];
    for (uint32_t i = 0; i < 2; i++) {
      rows[i] = NULL;
      steps[i] = (row_step){0.0f, 0.0f};
      if (j + i < a->tokens) {
        rows[i] = head_row(a->value + (j + i) * a->value_stride, a->head_size, l->head16, rooms[i]);
        steps[i] = row_step_of(head_magnitude(rows[i], l->head16), a->value_step);
      }
      scales[j + i] = steps[i].scale;
      lost += steps[i].scale * 0.0f;
    }
    for (uint32_t d = 0; d < l->head16; d += 16) {
      const float fixed = a->value_step;
      v16i x = rows[0] ? on_grid(load16(rows[0] + d), steps[0].inverse, fixed) : (v16i){0};
      v16i y = rows[1] ? on_grid(load16(rows[1] + d), steps[1].inverse, fixed) : (v16i){0};
      *(v16i_unaligned *)(pairs + (d / 16) * panel) = (y << 16) | (x & 0xFFFF);
    }
  }
  return lost;
}

/* Scores of rows `b` against `panels` panels of keys from `key` on. */
static NOINLINE void SET(finish_scores)(const mbq_attention_layout *l, uint8_t *s, uint32_t rows,
                                        uint32_t key, uint32_t panels, const int32_t *sums,
                                        const float *steps) {
  for (uint32_t c = 0; c < panels; c++, key += 16, sums += 16) {
    const v16f scale = load16((const float *)(s + l->key_scales) + key);
    const v16i correction =
        ACT_OFFSET ? *(const v16i *)((int32_t *)(s + l->key_sums) + key) : (v16i){0};
    float *scores = (float *)(s + l->scores) + key;
    for (uint32_t r = 0; r < rows; r++) {
      const v16i sum = *(const v16i *)(sums + r * TILE_COLUMNS) - correction;
      store16(scores + (size_t)r * l->tokens16,
              (__builtin_convertvector(sum, v16f) * scale) * steps[r]);
    }
  }
}

/* (14): the softmax weights, each times its token's value step, as 14-bit integers relative to the
 * row's largest. Returns what an integer sum of weights times values has to be multiplied with. */
INLINE float weigh_row(const mbq_attention *a, const mbq_attention_layout *l, uint32_t r) {
  uint8_t *s = a->scratch;
  float *p = (float *)(s + l->scores) + (size_t)r * l->tokens16;
  int16_t *weights = (int16_t *)(s + l->weights) + (size_t)r * l->tokens16;
  const float *steps = (const float *)(s + l->value_scales);
  const float first = top_score(p, a->tokens, l->tokens16);
  v16f sum = splat(0.0f), m = splat(0.0f);
  for (uint32_t j = 0; j < l->tokens16; j += 16) {
    v16f e = exp16(load16(p + j) - first);
    v16f x = e * load16(steps + j);
    store16(p + j, x);
    sum = sum + e;
    m = max16(x, m);
  }
  const float total = sum16(sum);
  const float top = max_lane_f(m);
  const float inverse = top < 0x1p-80f ? 0.0f : 16384.0f / top;
  for (uint32_t j = 0; j < l->tokens16; j += 16) {
    v16i w = rint16(load16(p + j) * inverse);
    w = __builtin_elementwise_min(__builtin_elementwise_max(w, isplat(0)), isplat(16384));
    *(v16s_unaligned *)(weights + j) = __builtin_convertvector(w, v16s);
  }
  return (top / 16384.0f) / total;
}

#ifndef VALUE_ROWS
#ifdef MBQ_SMALL
#define VALUE_ROWS (I8_ROWS < 6 ? I8_ROWS : 6)
#else
#define VALUE_ROWS I8_ROWS
#endif
#endif

/* sums[r][c] = weights of mr rows, `stride` apart, times nb panels [pairs][16][2] of values. */
INLINE void multiply_tile_pairs(const int mr, const int nb, const int16_t *weights, size_t stride,
                                const int16_t *values, size_t panel, uint32_t pairs,
                                int32_t *sums) {
  acc16 acc[VALUE_ROWS][I8_PANELS];
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++) acc[r][c] = acc_zero();
  for (uint32_t j = 0; j < pairs; j++) {
    pairs16 v[I8_PANELS];
    UNROLL for (int c = 0; c < nb; c++) v[c] = load_pairs(values + c * panel + (size_t)j * 32);
    UNROLL for (int r = 0; r < mr; r++) {
      weights2 w = load_weights2(weights + r * stride + 2 * j);
      UNROLL for (int c = 0; c < nb; c++) acc[r][c] = dot2(acc[r][c], w, v[c]);
    }
  }
  UNROLL for (int r = 0; r < mr; r++)
    UNROLL for (int c = 0; c < nb; c++)
      *(v16i *)(sums + r * TILE_COLUMNS + 16 * c) = acc_value(acc[r][c]);
}

static NOINLINE void SET(multiply_pairs)(uint32_t count, uint32_t panels, const int16_t *weights,
                                         size_t stride, const int16_t *values, size_t panel,
                                         uint32_t pairs, int32_t *sums) {
#define TILE(nb, b, mr)                                                                          \
  multiply_tile_pairs(mr, nb, weights + b.first * stride, stride, values, panel, pairs,          \
                      sums + b.first * TILE_COLUMNS)
#define TILE_ALL(b, mr) TILE(I8_PANELS, b, mr)
#define TILE_ONE(b, mr) TILE(1, b, mr)
  if (panels == I8_PANELS) {
    EACH_PART(count, VALUE_ROWS, TILE_ALL)
  } else {
    EACH_PART(count, VALUE_ROWS, TILE_ONE)
  }
#undef TILE
#undef TILE_ALL
#undef TILE_ONE
}

static void SET(attention_i8)(const mbq_attention *a) {
  if (a->row_count == 0) return;
  const mbq_attention_layout l = mbq_attention_layout_of(a->tokens, a->head_size);
  uint8_t *s = a->scratch;
  pack_keys_i8(a, &l);
  const float lost = pack_values_i8(a, &l);
  const uint32_t panels = l.tokens16 / 16, groups = (a->head_size + 3) / 4;
  const size_t panel_bytes = (size_t)groups * 64, value_panel = (size_t)l.tokens16 * 16;
  _Alignas(64) int32_t sums[BLOCK_ROWS * TILE_COLUMNS];
  _Alignas(64) float room[BLOCK_ROWS * MBQ_MAX_HEAD];
  const uint32_t blocks = (a->row_count + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (uint32_t i = 0; i < blocks; i++) {
    const row_block b = block_of(i, blocks, a->row_count);
    float steps[BLOCK_ROWS], factors[BLOCK_ROWS];
    const float *query = a->query + b.first * a->query_stride;
    size_t query_stride = a->query_stride;
    if (l.head16 != a->head_size) {
      for (uint32_t r = 0; r < b.count; r++) {
        copy_head(query + r * query_stride, a->head_size, l.head16, room + r * l.head16);
      }
      query = room;
      query_stride = l.head16;
    }
    SET(quantize_rows)(query, query_stride, b.count, l.head16, s + l.rows,
                       (size_t)l.head16 * ACT_BYTES, steps, 0, a->query_step, 0);
    for (uint32_t r = 0; r < b.count; r++) steps[r] *= a->scale;
    for (uint32_t p = 0, count; p < panels; p += count) {
      count = p + I8_PANELS <= panels ? I8_PANELS : 1;
      SET(multiply_i8)(b.count, count, s + l.rows, (size_t)l.head16 * ACT_BYTES,
                       (const int8_t *)(s + l.keys) + p * panel_bytes, panel_bytes, groups, sums);
      SET(finish_scores)(&l, s, b.count, p * 16, count, sums, steps);
    }
    for (uint32_t r = 0; r < b.count; r++) factors[r] = weigh_row(a, &l, r) + lost;
    for (uint32_t d = 0, count; d < l.head16; d += 16 * count) {
      count = d + 16 * I8_PANELS <= l.head16 ? I8_PANELS : 1;
      SET(multiply_pairs)(b.count, count, (const int16_t *)(s + l.weights), l.tokens16,
                          (const int16_t *)(s + l.values) + d / 16 * value_panel, value_panel,
                          (a->tokens + 1) / 2, sums);
      for (uint32_t r = 0; r < b.count; r++) {
        float *output = a->output + (b.first + r) * a->output_stride + d;
        for (uint32_t c = 0; c < count; c++) {
          const v16i sum = *(const v16i *)(sums + r * TILE_COLUMNS + 16 * c);
          store_lanes(output + 16 * c, __builtin_convertvector(sum, v16f) * factors[r],
                      a->head_size - d - 16 * c);
        }
      }
    }
  }
}

/* Keys as panels [tokens/16][head][16], values as panels [head/16][tokens][16]. */
INLINE void pack_f32(const mbq_attention *a, const mbq_attention_layout *l) {
  float *keys = (float *)((uint8_t *)a->scratch + l->keys);
  float *values = (float *)((uint8_t *)a->scratch + l->values);
  for (uint32_t j = 0; j < l->tokens16; j++) {
    const float *key = a->key + j * a->key_stride;
    float *panel = keys + (size_t)(j / 16) * a->head_size * 16 + j % 16;
    for (uint32_t d = 0; d < a->head_size; d++) panel[d * 16] = j < a->tokens ? key[d] : 0.0f;
  }
  for (uint32_t j = 0; j < a->tokens; j++) {
    _Alignas(64) float room[MBQ_MAX_HEAD];
    const float *value = head_row(a->value + j * a->value_stride, a->head_size, l->head16, room);
    for (uint32_t d = 0; d < l->head16; d += 16) {
      store16(values + ((size_t)(d / 16) * a->tokens + j) * 16, load16(value + d));
    }
  }
}

/* fp32: every score is one chain of fused multiply-adds over the head's columns, every output one
 * over the tokens (15). */
static void SET(attention_f32)(const mbq_attention *a) {
  if (a->row_count == 0) return;
  const mbq_attention_layout l = mbq_attention_layout_of(a->tokens, a->head_size);
  uint8_t *s = a->scratch;
  float *scores = (float *)(s + l.scores);
  pack_f32(a, &l);
  _Alignas(64) float sums[BLOCK_ROWS * TILE_COLUMNS];
  const uint32_t blocks = (a->row_count + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (uint32_t i = 0; i < blocks; i++) {
    const row_block b = block_of(i, blocks, a->row_count);
    const float *query = a->query + b.first * a->query_stride;
    for (uint32_t p = 0, count; p < l.tokens16; p += 16 * count) {
      count = p + 16 * F32_PANELS <= l.tokens16 ? F32_PANELS : 1;
      SET(multiply_f32)(b.count, count, query, a->query_stride,
                        s + l.keys + (size_t)p * a->head_size * 4, a->head_size, sums);
      for (uint32_t r = 0; r < b.count; r++) {
        for (uint32_t c = 0; c < count; c++) {
          store16(scores + (size_t)r * l.tokens16 + p + 16 * c,
                  load16(sums + r * TILE_COLUMNS + 16 * c) * a->scale);
        }
      }
    }
    float totals[BLOCK_ROWS];
    for (uint32_t r = 0; r < b.count; r++) {
      totals[r] = softmax_row(scores + (size_t)r * l.tokens16, a->tokens, l.tokens16);
    }
    for (uint32_t d = 0, count; d < l.head16; d += 16 * count) {
      count = d + 16 * F32_PANELS <= l.head16 ? F32_PANELS : 1;
      SET(multiply_f32)(b.count, count, scores, l.tokens16,
                        s + l.values + (size_t)d * a->tokens * 4, a->tokens, sums);
      for (uint32_t r = 0; r < b.count; r++) {
        float *output = a->output + (b.first + r) * a->output_stride + d;
        for (uint32_t c = 0; c < count; c++) {
          v16f y = load16(sums + r * TILE_COLUMNS + 16 * c) / totals[r];
          store_lanes(output + 16 * c, y, a->head_size - d - 16 * c);
        }
      }
    }
  }
}
