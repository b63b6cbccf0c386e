/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/*
 * Times a function: processor time, and the best of several rounds, since whatever disturbs only
 * makes it slower.
 */

#include <stdint.h>
#include <time.h>

#define BENCH_ROUNDS 7
#define BENCH_ROUND_NSEC 20e6

static inline double bench_now_nsec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds of N calls, one after the other; call I gets I. */
static inline double bench_calls(void (*call)(void *data, unsigned i), void *data, unsigned n)
{
	double start = bench_now_nsec();

	for (unsigned i = 0; i < n; i++)
		call(data, i);
	return bench_now_nsec() - start;
}

/* Nanoseconds a call. */
static inline double bench(void (*call)(void *data, unsigned i), void *data)
{
	unsigned n = 1;
	double best = 0;

	while (bench_calls(call, data, n) < BENCH_ROUND_NSEC && n < UINT32_MAX / 2)
		n *= 2;
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double nsec = bench_calls(call, data, n) / n;

		if (round == 0 || nsec < best)
			best = nsec;
	}
	return best;
}

#endif
