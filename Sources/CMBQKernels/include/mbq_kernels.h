#ifndef MBQ_KERNELS_H
#define MBQ_KERNELS_H
#include <stdint.h>
#endif
