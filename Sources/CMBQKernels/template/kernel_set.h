/* One kernel set: a file per instruction set defines the parameters below and includes this.
 *
 *   SET(name)        the set's own name for a function
 *   SET_NAME, SET_NEEDS
 *   CONVERTS_HALF    1 if the processor widens half floats by itself
 *   I8_ROWS, I8_PANELS     rows and panels of 16 channels an int8 tile holds in registers
 *   F32_ROWS, F32_PANELS   the same for floats
 *   ACT_BYTES        bytes one quantized activation takes
 *   ACT_OFFSET       1 if activations are stored with 128 added
 *   acc16            sixteen int32 sums: acc_zero(), acc_value(acc16) -> v16i
 *   weights16        16 channels x 4 inputs of weights: load_weights(const int8_t *)
 *   act4             4 activations for every channel: load_act(const uint8_t *)
 *   dot4(acc16, act4, weights16)
 *   store_activations(uint8_t *, v16i)   16 of them, ints within -127 ... 127
 *   pairs16          16 columns x 2 tokens of values: load_pairs(const int16_t *)
 *   weights2         2 tokens' weights for every column: load_weights2(const int16_t *)
 *   dot2(acc16, weights2, pairs16)
 *
 * and, where a set has a better way than the template's:
 *   WITHOUT_FMA            before vec.h: the processor has no fused multiply-add
 *   STORE_ACTIVATIONS64    four times store_activations
 *   ACT_PLACE(base, stride, row, k)   where an activation of a block of rows is stored
 *   MULTIPLY_TILE_I8       defined: the set (of one panel) has its own multiply_tile_i8, and no weights16,
 *                          act4, dot4
 *   PEAK_SUMS_I8, PEAK_SUMS_F32, HIDE_ACT(act4)   for peak.h, if its own do not fit
 *   WITHOUT_PEAK           defined: nobody measures the set's peak, or counts how fast it quantizes
 *   VALUE_ROWS             rows a tile of the value product takes, if fewer than I8_ROWS
 *
 * A set whose product is faster where no activation is negative defines HAS_UNSIGNED 1 and U8_ROWS, and
 *   store_unsigned(uint8_t *, v16i)      16 of them as bytes, ints within 0 ... 127
 *   multiply_tile_u8(mr, rows, stride, panel, groups, sums)   as multiply_tile_i8, one panel
 */
#include "levels.h"
#include "rows.h"
#include "linear.h"
#include "linear_i8.h"
#include "linear_float.h"
#include "attention.h"
#if !defined(MULTIPLY_TILE_I8) && !defined(MBQ_SMALL) && !defined(WITHOUT_PEAK)
#define HAS_PEAK
#include "peak.h"
#endif

const mbq_kernel_set SET(set) = {
    .name = SET_NAME,
    .needs = SET_NEEDS,
    .linear_i8 = SET(linear_i8),
    .linear_f32 = SET(linear_f32),
    .linear_f16 = SET(linear_f16),
    .attention_i8 = SET(attention_i8),
    .attention_f32 = SET(attention_f32),
    .norm = SET(norm),
    .widen_row = SET(widen_row),
    .column_sums = SET(column_sums),
#ifdef HAS_PEAK
    .peak_i8 = SET(peak_i8),
    .peak_f32 = SET(peak_f32),
#endif
};
