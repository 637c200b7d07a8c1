/* The 256-bit form of AVX-512 VNNI: for processors that slow down under 512-bit work. Chosen only by
 * name; it also runs vnni256.h on machines that lack AVX-VNNI. */
#if defined(__x86_64__)
#include "../scratch.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512vnni"))), \
                             apply_to = function)

#define SET(name) mbq_avx512vl_vnni_##name
#define SET_NAME "avx512vl-vnni"
#define SET_NEEDS (MBQ_CPU_AVX2_FMA_F16C | MBQ_CPU_AVX512_VNNI)
#define DPBUSD _mm256_dpbusd_epi32
#define DPWSSD _mm256_dpwssd_epi32
#include "vnni256.h"

#pragma clang attribute pop
#endif
