/* What the runtime asks of a C library, for modules without one (wasm32): memory, in one list of free
 * blocks by address, first fit; neighbours that are free become one. A model takes a handful of blocks and
 * a classification a few short ones, so nothing faster would show. */
#include "../include/mbq.h"

typedef struct block {
  _Alignas(16) size_t size; /* bytes behind this header, a multiple of 16 */
  struct block *next;       /* the free block after this one */
} block;

static block *first_free;

static size_t up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }
static char *start_of(block *b) { return (char *)(b + 1); }
static char *end_of(block *b) { return start_of(b) + b->size; }

static void release(block *b) {
  block *before = NULL, *after = first_free;
  for (; after && after < b; after = after->next) before = after;
  b->next = after;
  if (before) before->next = b; else first_free = b;
  if (after && end_of(b) == (char *)after) {
    b->size += sizeof(block) + after->size;
    b->next = after->next;
  }
  if (before && end_of(before) == (char *)b) {
    before->size += sizeof(block) + b->size;
    before->next = b->next;
  }
}

/* Cuts `size` bytes at a multiple of `alignment` out of a free block, if it has them. */
static void *cut(block **link, size_t size, size_t alignment) {
  block *b = *link;
  char *at = (char *)up((size_t)start_of(b), alignment);
  if (at > end_of(b) || size > (size_t)(end_of(b) - at)) return NULL;
  if (at != start_of(b)) { /* what lies before stays free: there is room for a header at least */
    block *front = b;
    b = (block *)at - 1;
    b->size = (size_t)(end_of(front) - at);
    b->next = front->next;
    front->size = (size_t)((char *)b - start_of(front));
    front->next = b;
    link = &front->next;
  }
  if (b->size - size > sizeof(block)) {
    block *rest = (block *)(at + size);
    rest->size = b->size - size - sizeof(block);
    rest->next = b->next;
    b->size = size;
    b->next = rest;
  }
  *link = b->next;
  return at;
}

static void *take(size_t size, size_t alignment) {
  if (size > (size_t)-1 / 2) return NULL;
  size = up(size ? size : 1, 16);
  if (alignment < 16) alignment = 16;
  for (block **link = &first_free; *link; link = &(*link)->next) {
    void *found = cut(link, size, alignment);
    if (found) return found;
  }
  const size_t page = 65536, pages = up(size + alignment + sizeof(block), page) / page;
  const size_t old = __builtin_wasm_memory_grow(0, pages);
  if (old == (size_t)-1) return NULL;
  block *b = (block *)(old * page);
  b->size = pages * page - sizeof(block);
  release(b);
  return take(size, alignment);
}

void free(void *memory) {
  if (memory) release((block *)memory - 1);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = take(size, alignment);
  return *memory ? 0 : 12; /* ENOMEM */
}

void *mbq_allocate(size_t count) { return take(count, 64); }
void mbq_free(void *memory) { free(memory); }

/* Each is one instruction (bulk memory). */
void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  return __builtin_memcpy(to, from, count);
}
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int byte, size_t count) { return __builtin_memset(to, byte, count); }

size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  return count;
}

size_t __stack_chk_guard = 0x2B0A5E17;
_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }
