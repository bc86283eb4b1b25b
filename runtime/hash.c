// SPDX-License-Identifier: BSD-3-Clause
//
// hash.c: hashes of bytes, and the randomness of maps.
//
// Up to 32 bytes are hashed by goat/map_inline.h, with two or three multiplications. What is longer goes
// through rounds of AES, four lanes of 16 bytes, where the processor has them, and else through
// multiplications of the wyhash family, three lanes of 16 bytes. Either is the hash of such bytes
// for all of the process: what is in a map by one entry point is found by another.
//
// Nobody who does not know them can choose keys that collide: the constants are random, other ones
// in each process, and each map has a seed besides. A plain wyhash with constants that are known
// gives zero, whatever the seed, for all pairs of words of which one is such a constant.
//
// Go:    as memhash of runtime/alg.go: AES if there is, else wyhash. Go has AES for short keys too.
// Layer: base.

#include "map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/auxv.h>
#include <time.h>

// Until start() has run, for constructors of others: odd, with as many ones as zeros.
uint64_t goat_hashkey[4] = {
	0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0x8cb92ba72f3d8dd7, 0xa0761d6478bd642f,
};

// ---- Random numbers ----

static _Thread_local uint64_t state __attribute__((tls_model("initial-exec")));

// wyrand, on a state of the thread's own.
uint64_t
goat_fastrand(void)
{
	if (__builtin_expect(state == 0, 0))
		state = goat_mix_((goat_knob_seed != 0 ? (uintptr_t)goat_knob_seed : (uintptr_t)&state) ^
					  goat_hashkey[3],
				  goat_hashkey[2]) |
			1;
	state += 0xa0761d6478bd642f;
	return goat_mix_(state, state ^ goat_hashkey[1]);
}

void
goat_randseed(uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		goat_hashkey[i] = goat_mix_(seed + i, 0x9e3779b97f4a7c15) | 1;
}

static void
random_bytes(void *p, size_t n)
{
	const void *from_kernel = (const void *)getauxval(AT_RANDOM);
	struct timespec now;

	if (getrandom(p, n, GRND_NONBLOCK) == (ssize_t)n)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	memcpy(p, from_kernel, 16);
	for (size_t i = 16; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)(goat_mix_((uint64_t)now.tv_nsec + i,
								    goat_hashkey[i & 1]) >> 20);
}

// Before other constructors, which may make maps; after knobs.c.
__attribute__((constructor(102))) static void
start(void)
{
	if (goat_knob_seed != 0) {
		goat_randseed((uint64_t)goat_knob_seed);
		return;
	}
	random_bytes(goat_hashkey, sizeof goat_hashkey);
	for (size_t i = 0; i < 4; i++)
		goat_hashkey[i] |= 1;
}

// ---- AES ----

#ifdef __x86_64__
#include <immintrin.h>

#define WITH_AES __attribute__((target("aes,sse4.1")))

static bool
has_aes(void)
{
	static signed char known;

	if (__builtin_expect(known == 0, 0)) {
		__builtin_cpu_init();
		known = __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1") ? 1 : -1;
	}
	return known > 0;
}

WITH_AES static inline __m128i
load(const unsigned char *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

// 33 bytes and more.
WITH_AES static uint64_t
hash_aes(const unsigned char *p, size_t n, uint64_t seed)
{
	__m128i key = load((const unsigned char *)goat_hashkey), a, b, c, d;
	const unsigned char *end = p + n;

	a = _mm_xor_si128(_mm_set_epi64x((long long)n, (long long)seed), key);
	a = _mm_aesenc_si128(a, load((const unsigned char *)(goat_hashkey + 2)));
	if (n > 64) {
		b = _mm_aesenc_si128(a, a), c = _mm_aesenc_si128(b, key), d = _mm_aesenc_si128(c, a);
		for (; end - p > 64; p += 64) {
			a = _mm_aesenc_si128(_mm_xor_si128(a, load(p)), key);
			b = _mm_aesenc_si128(_mm_xor_si128(b, load(p + 16)), key);
			c = _mm_aesenc_si128(_mm_xor_si128(c, load(p + 32)), key);
			d = _mm_aesenc_si128(_mm_xor_si128(d, load(p + 48)), key);
		}
		a = _mm_xor_si128(_mm_aesenc_si128(a, b), _mm_aesenc_si128(c, d));
	}
	for (; end - p > 16; p += 16)
		a = _mm_aesenc_si128(_mm_xor_si128(a, load(p)), key);
	a = _mm_aesenc_si128(_mm_xor_si128(a, load(end - 16)), key);
	a = _mm_aesenc_si128(_mm_aesenc_si128(a, key), a);
	return (uint64_t)_mm_cvtsi128_si64(a);
}
#else
static bool has_aes(void) { return false; }
static uint64_t hash_aes(const unsigned char *p, size_t n, uint64_t s) { (void)p, (void)n; return s; }
#endif

// ---- Without ----

static uint64_t
hash_portable(const unsigned char *p, size_t n, uint64_t seed)
{
	const unsigned char *end = p + n;
	uint64_t a = seed ^ goat_hashkey[2], b = a, c = a;

	for (; end - p > 48; p += 48) {
		a = goat_mix_(goat_load64_(p) ^ goat_hashkey[0], goat_load64_(p + 8) ^ a);
		b = goat_mix_(goat_load64_(p + 16) ^ goat_hashkey[1], goat_load64_(p + 24) ^ b);
		c = goat_mix_(goat_load64_(p + 32) ^ goat_hashkey[3], goat_load64_(p + 40) ^ c);
	}
	a ^= b ^ c;
	for (; end - p > 16; p += 16)
		a = goat_mix_(goat_load64_(p) ^ goat_hashkey[0], goat_load64_(p + 8) ^ a);
	return goat_hash128_(goat_load64_(end - 16), goat_load64_(end - 8), a ^ (uint64_t)n << 32);
}

uint64_t
goat_hashlong(const void *p, size_t n, uint64_t seed)
{
	return has_aes() ? hash_aes(p, n, seed) : hash_portable(p, n, seed);
}
