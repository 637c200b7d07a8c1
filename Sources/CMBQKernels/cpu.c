#include "mbq_kernels.h"
typedef int mbq_unused;
