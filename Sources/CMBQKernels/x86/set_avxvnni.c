/* AVX-VNNI: the desktop and mobile processors without AVX-512. */
#if defined(__x86_64__)
#include "../scratch.h"
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

#define SET(name) mbq_avxvnni_##name
#define SET_NAME "avxvnni"
#define SET_NEEDS (MBQ_CPU_AVX2_FMA_F16C | MBQ_CPU_AVX_VNNI)
#define DPBUSD _mm256_dpbusd_avx_epi32
#define DPWSSD _mm256_dpwssd_avx_epi32
#include "vnni256.h"

#pragma clang attribute pop
#endif
