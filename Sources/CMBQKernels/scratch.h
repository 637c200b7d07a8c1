/* Where linears and attentions keep their things inside the scratch they are given. */
#ifndef MBQ_SCRATCH_H
#define MBQ_SCRATCH_H

#include "mbq_kernels.h"

/* The most query rows any kernel set takes at once. */
enum { MBQ_MAX_ROWS = 12 };

/* Blocks of rows that share a panel of levels once it is widened: a tile. */
enum { MBQ_SHARED_BLOCKS = MBQ_TILE_ROWS / MBQ_MAX_ROWS };

typedef struct {
  uint32_t blocks;    /* of rows that are on the grid at the same time */
  size_t rows;        /* [blocks][MBQ_MAX_ROWS][K], up to two bytes an activation */
  size_t panels;      /* i8 [2][K/4][16][4]: levels that were widened */
  size_t smoothed;    /* f32 (MBQ_MAX_ROWS, K) */
  size_t end;
} mbq_linear_layout;

static inline mbq_linear_layout mbq_linear_layout_of(uint32_t inputs, int has_levels,
                                                     int has_smoothing) {
  mbq_linear_layout l;
  const size_t k = ((size_t)inputs + 15) / 16 * 16;
  /* The most columns whose levels are stored together. */
  const size_t widened = ((size_t)inputs + 31) / 32 * 32;
  l.blocks = has_levels ? MBQ_SHARED_BLOCKS : 1;
  l.rows = 0;
  l.panels = (l.rows + l.blocks * MBQ_MAX_ROWS * k * 2 + 63) / 64 * 64;
  l.smoothed = l.panels + (has_levels ? 2 * widened * 16 : 0);
  l.end = l.smoothed + (has_smoothing ? MBQ_MAX_ROWS * k * 4 : 0);
  return l;
}

typedef struct {
  uint32_t tokens16, head16;
  size_t keys;         /* i8 [tokens/16][head/4][16][4], or f32 [tokens/16][head][16] */
  size_t key_scales;   /* f32 (tokens) */
  size_t key_sums;     /* i32 (tokens) */
  size_t values;       /* i16 [head/16][tokens/2][16][2], or f32 [head/16][tokens][16] */
  size_t value_scales; /* f32 (tokens) */
  size_t rows;         /* MBQ_MAX_ROWS query rows as the dot product wants them */
  size_t scores;       /* f32 (MBQ_MAX_ROWS, tokens) */
  size_t weights;      /* i16 (MBQ_MAX_ROWS, tokens) */
  size_t end;
} mbq_attention_layout;

static inline mbq_attention_layout mbq_attention_layout_of(uint32_t tokens, uint32_t head_size) {
  mbq_attention_layout l;
  const size_t n = l.tokens16 = (tokens + 15) / 16 * 16;
  const size_t d = l.head16 = (head_size + 15) / 16 * 16;
  l.keys = 0;
  l.key_scales = l.keys + n * d * 4;
  l.key_sums = l.key_scales + n * 4;
  l.values = l.key_sums + n * 4;
  l.value_scales = l.values + n * d * 4;
  l.rows = l.value_scales + n * 4;
  l.scores = l.rows + MBQ_MAX_ROWS * d * 2;
  l.weights = l.scores + MBQ_MAX_ROWS * n * 4;
  l.end = l.weights + MBQ_MAX_ROWS * n * 2;
  return l;
}

#endif
