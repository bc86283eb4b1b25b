// SPDX-License-Identifier: GPL-3.0-or-later
//
// chans.c: goroutines and threads send, receive, select and close at random, and lock and wait for
// each other. What has been sent must have been received, once, and in order; a channel that is
// closed wakes all who wait; of goroutines that exclude each other there is one at a time.
//
//	chans [ROUNDS]          TEST_SEED replays a run, as far as the scheduler does

#include "chan.h"

#include "stress.h"
#include "trap.h"

enum { MAX = 32, THREADS = 4 };        // one of so many is a thread

static void *
chan_of(size_t elemsize, size_t cap, bool pointers)
{
	struct goat_type t = { .size = elemsize, .ptrdata = pointers ? elemsize & -8 : 0, .align = 1 };

	return goat_makechan(&t, cap);
}

static void
check_chan(struct goat_hchan *c)
{
	goat_lock(&c->lock);
	goat_chancheck(c);
	goat_unlock(&c->lock);
}

// ---------------------------------------------------------------- many to many

// Values carry the sender and a number, as far as they have room, and the same byte at the end.
struct party {
	struct goat_hchan *c;
	int id, count;
	long sum, got;
	long last[MAX];
};

static void
put_value(unsigned char *v, size_t size, int id, int n)
{
	uint32_t word = (uint32_t)n << 8 | (uint32_t)id;

	memset(v, (int)(word & 0xff) ^ 0x5a, size);
	if (size >= 4)
		memcpy(v, &word, 4);
}

static void
send_all(void *arg)
{
	struct party *p = arg;
	unsigned char v[2048];

	for (int i = 0; i < p->count; i++) {
		put_value(v, p->c->elemsize, p->id, i);
		goat_chansend1(p->c, v);
		p->sum += i;
	}
}

static void
receive_all(void *arg)
{
	struct party *p = arg;
	size_t size = p->c->elemsize;
	unsigned char v[2048], same[2048];

	memset(p->last, -1, sizeof p->last);
	while (goat_chanrecv2(p->c, v)) {
		uint32_t word;

		p->got++;
		if (size < 4)
			continue;
		memcpy(&word, v, 4);
		put_value(same, size, word & 0xff, (int)(word >> 8));
		check(memcmp(v, same, size) == 0, "torn value", word, (long)size);
		check(p->last[word & 0xff] < (long)(word >> 8), "order", p->last[word & 0xff],
		      word >> 8);
		p->last[word & 0xff] = word >> 8;
		p->sum += word >> 8;
	}
	if (size > 0)
		check(v[0] == 0 && v[size - 1] == 0, "not zeroed", v[0], (long)size);
}

static void
many_to_many(uint64_t *rng)
{
	static const size_t sizes[] = { 0, 1, 4, 8, 8, 16, 24, 300, 2048 };
	static const size_t caps[] = { 0, 0, 1, 3, 100 };
	size_t size = sizes[rng_below(rng, 9)], cap = caps[rng_below(rng, 5)];
	int nsend = 1 + (int)rng_below(rng, 8), nrecv = 1 + (int)rng_below(rng, 8), count = 300;
	struct party *p = goat_mallocgc((size_t)(nsend + nrecv) * sizeof *p, 8, false);
	struct goat_hchan *c = chan_of(size, cap, rng_below(rng, 2));
	goat_waitgroup sending = { 0 }, receiving = { 0 };
	long sent = 0, sum = 0, got = 0, received = 0;

	for (int i = 0; i < nsend + nrecv; i++) {
		p[i].c = c;
		p[i].id = i;
		p[i].count = count;
		start_mixed(rng, THREADS, i < nsend ? &sending : &receiving,
			    i < nsend ? send_all : receive_all, &p[i]);
		if (rng_below(rng, 4) == 0)
			check_chan(c);
	}
	goat_waitgroup_wait(&sending);
	goat_closechan(c);
	goat_waitgroup_wait(&receiving);
	check_chan(c);
	for (int i = 0; i < nsend; i++)
		sent += p[i].sum;
	for (int i = nsend; i < nsend + nrecv; i++) {
		got += p[i].got;
		received += p[i].sum;
	}
	sum = size >= 4 ? sent : 0;
	check(got == (long)nsend * count, "received, sent", got, (long)nsend * count);
	check(received == sum, "sums", received, sum);
}

// ---------------------------------------------------------------- selects

struct mesh {
	struct goat_hchan *c[MAX];
	struct goat_hchan *stop;
	int n;
	bool polls;
};

struct player {
	struct mesh *m;
	uint64_t rng;
	int turns;
	long sent[MAX], got[MAX], sum;
};

// Cases of random channels, and the one that stops all, which is the last.
static void
play(void *arg)
{
	struct player *p = arg;
	struct mesh *m = p->m;

	for (int turn = 0; turn < p->turns; turn++) {
		struct goat_scase k[80];
		uint64_t in[80], out[80];
		int which[80], n = 1 + (int)rng_below(&p->rng, rng_below(&p->rng, 50) ? 6 : 79), i;
		bool received = false;

		for (i = 0; i < n; i++) {
			which[i] = (int)rng_below(&p->rng, (unsigned)m->n);
			out[i] = rng_below(&p->rng, 1000);
			in[i] = 0;
			k[i].c = rng_below(&p->rng, 8) ? m->c[which[i]] : NULL;
			k[i].send = rng_below(&p->rng, 2);
			k[i].elem = k[i].send ? &out[i] : rng_below(&p->rng, 4) ? &in[i] : NULL;
			if (!k[i].send && k[i].elem == NULL)
				k[i].elem = &in[i];
		}
		k[n].c = m->stop;
		k[n].elem = NULL;
		k[n].send = 0;
		i = goat_selectgo(k, (size_t)n + 1, !m->polls || rng_below(&p->rng, 3), &received);
		if (i < 0) {
			goat_yield();
			continue;
		}
		if (i == n) {
			check(!received, "received from a closed one", i, turn);
			return;
		}
		if (k[i].send) {
			p->sent[which[i]]++;
			p->sum += (long)out[i];
		} else {
			check(received, "received nothing", i, turn);
			p->got[which[i]]++;
			p->sum -= (long)in[i];
		}
		for (int j = 0; j < n; j++)
			check(j == i || in[j] == 0, "another case received", j, i);
	}
}

static void
close_stop(void *arg)
{
	struct mesh *m = arg;

	goat_chanrecv1(m->stop, NULL);
}

static void
selects(uint64_t *rng)
{
	struct mesh *m = goat_mallocgc(sizeof *m, 8, false);
	int players = 2 + (int)rng_below(rng, 12);
	struct player *p = goat_mallocgc((size_t)players * sizeof *p, 8, false);
	goat_waitgroup done = { 0 };
	long sum = 0;

	m->n = 1 + (int)rng_below(rng, 6);
	m->polls = rng_below(rng, 2);
	m->stop = chan_of(0, 0, false);
	for (int i = 0; i < m->n; i++)
		m->c[i] = chan_of(8, rng_below(rng, 2) ? 0 : rng_below(rng, 5), rng_below(rng, 2));
	for (int i = 0; i < players; i++) {
		p[i].m = m;
		p[i].rng = rng_next(rng);
		// Some leave early, so that others are left alone, and the last one has to be stopped.
		p[i].turns = 100 + (int)rng_below(rng, 300);
		start_mixed(rng, THREADS, &done, play, &p[i]);
	}
	for (int i = 0; i < 200; i++) {
		check_chan(m->c[rng_below(rng, (unsigned)m->n)]);
		goat_yield();
	}
	start_mixed(rng, THREADS, &done, close_stop, m);
	goat_closechan(m->stop);
	goat_waitgroup_wait(&done);
	for (int i = 0; i < m->n; i++) {
		long sent = 0, got = 0;
		uint64_t left;

		check_chan(m->c[i]);
		check(m->c[i]->recvq.first == NULL && m->c[i]->sendq.first == NULL, "queued", i, 0);
		for (int j = 0; j < players; j++) {
			sent += p[j].sent[i];
			got += p[j].got[i];
		}
		while (goat_selectnbrecv(m->c[i], &left) == 3) {
			got++;
			sum -= (long)left;
		}
		check(sent == got, "of a channel sent, received", sent, got);
	}
	for (int j = 0; j < players; j++)
		sum += p[j].sum;
	check(sum == 0, "sums of selects", sum, 0);
}

// ---------------------------------------------------------------- closing

struct closing {
	struct goat_hchan *c, *other;
	long sent, got, ended, panicked;
	bool by_select;
};

static void
send_one(void *arg)
{
	struct closing *s = arg;
	uint64_t v = 7;
	bool received;
	struct goat_scase k[] = { { s->other, NULL, 0 }, { s->c, &v, 1 } };

	if (s->by_select)
		goat_selectgo(k, 2, true, &received);
	else
		goat_chansend1(s->c, &v);
}

static void
send_until_closed(void *arg)
{
	struct closing *s = arg;

	while (!panics(send_one, s))
		s->sent++;
	s->panicked++;
}

static void
receive_until_closed(void *arg)
{
	struct closing *s = arg;
	uint64_t v = 0;
	bool received = true;
	struct goat_scase k[] = { { s->c, &v, 0 }, { s->other, NULL, 0 } };

	while (received) {
		if (s->by_select)
			goat_selectgo(k, 2, true, &received);
		else
			received = goat_chanrecv2(s->c, &v);
		s->got += received;
		check(v == (received ? 7 : 0), "value when closed", (long)v, received);
	}
	s->ended++;
}

static void
closing(uint64_t *rng)
{
	int nsend = (int)rng_below(rng, 5), nrecv = (int)rng_below(rng, 5), n = nsend + nrecv;
	struct closing *s = goat_mallocgc((size_t)(n + 1) * sizeof *s, 8, false);
	struct goat_hchan *c = chan_of(8, rng_below(rng, 4), false), *other = chan_of(8, 0, true);
	goat_waitgroup done = { 0 };
	long sent = 0, got = 0, ended = 0, panicked = 0;
	uint64_t v;

	for (int i = 0; i < n; i++) {
		s[i].c = c;
		s[i].other = other;
		s[i].by_select = rng_below(rng, 2);
		start_mixed(rng, THREADS, &done,
			    i < nsend ? send_until_closed : receive_until_closed, &s[i]);
	}
	for (int i = (int)rng_below(rng, 20); i > 0; i--)
		goat_yield();
	goat_closechan(c);
	goat_waitgroup_wait(&done);
	check_chan(c);
	for (int i = 0; i < n; i++) {
		sent += s[i].sent;
		got += s[i].got;
		ended += s[i].ended;
		panicked += s[i].panicked;
	}
	while (goat_chanrecv2(c, &v))
		got++;
	check(sent == got, "before it was closed sent, received", sent, got);
	check(panicked == nsend && ended == nrecv, "ended", panicked, ended);
}

// ---------------------------------------------------------------- locks

struct locked {
	goat_mutex m;
	goat_rwmutex rw;
	goat_once once;
	long count, sum, inside, readers, ran;
	long a, b;
};

struct locker {
	struct locked *l;
	uint64_t rng;
	long times;
};

static long once_ran;

static void
run_once(void)
{
	once_ran++;
	goat_yield();
}

static void
lock_often(void *arg)
{
	struct locker *k = arg;
	struct locked *l = k->l;

	for (int i = 0; i < 500; i++) {
		goat_mutex_lock(&l->m);
		l->count++;
		if (rng_below(&k->rng, 40) == 0)
			goat_yield();
		l->sum += l->count;
		goat_mutex_unlock(&l->m);
		if (goat_mutex_trylock(&l->m)) {
			l->count++;
			l->sum += l->count;
			goat_mutex_unlock(&l->m);
			k->times++;
		}
		if (rng_below(&k->rng, 4) == 0) {
			goat_rwmutex_lock(&l->rw);
			l->a++;
			if (rng_below(&k->rng, 20) == 0)
				goat_yield();
			l->b++;
			goat_rwmutex_unlock(&l->rw);
		} else {
			goat_rwmutex_rlock(&l->rw);
			check(l->a == l->b, "reader sees a writer", l->a, l->b);
			if (rng_below(&k->rng, 40) == 0)
				goat_yield();
			check(l->a == l->b, "writer comes to a reader", l->a, l->b);
			goat_rwmutex_runlock(&l->rw);
		}
		goat_once_do(&l->once, run_once);
		check(once_ran == 1, "once", once_ran, i);
	}
}

static void
locks(uint64_t *rng)
{
	int n = 2 + (int)rng_below(rng, 10);
	struct locked *l = goat_mallocgc(sizeof *l, 8, false);
	struct locker *k = goat_mallocgc((size_t)n * sizeof *k, 8, false);
	goat_waitgroup done = { 0 };
	long count = 500l * n;

	once_ran = 0;
	for (int i = 0; i < n; i++) {
		k[i].l = l;
		k[i].rng = rng_next(rng);
		start_mixed(rng, THREADS, &done, lock_often, &k[i]);
	}
	goat_waitgroup_wait(&done);
	for (int i = 0; i < n; i++)
		count += k[i].times;
	check(l->count == count, "locked", l->count, count);
	check(l->sum == count * (count + 1) / 2, "sum of locked", l->sum, count * (count + 1) / 2);
	check(l->m.state == 0 && l->m.sema == 0, "mutex in the end", l->m.state, l->m.sema);
	check(l->rw.readers == 0 && l->rw.leaving == 0, "rwmutex in the end", l->rw.readers,
	      l->rw.leaving);
}

// ---------------------------------------------------------------- many words waited for at once

struct wait {
	goat_waitgroup *wg;
	long *woken;
};

static void
wait_one(void *arg)
{
	struct wait *w = arg;

	goat_waitgroup_wait(w->wg);
	__atomic_add_fetch(w->woken, 1, __ATOMIC_RELAXED);
}

static void
words(uint64_t *rng)
{
	enum { WORDS = 300 };
	goat_waitgroup *wg = goat_mallocgc(WORDS * sizeof *wg, 8, true), done = { 0 };
	struct wait *w = goat_mallocgc(3 * WORDS * sizeof *w, 8, false);
	long woken = 0, before = 0;
	uint64_t few = 1;
	int order[WORDS];

	for (int i = 0; i < WORDS; i++) {
		order[i] = i;
		goat_waitgroup_add(&wg[i], 1);
		for (int j = 0; j < 3; j++) {
			w[3 * i + j] = (struct wait){ &wg[i], &woken };
			start_mixed(i == 0 ? rng : &few, THREADS, &done, wait_one, &w[3 * i + j]);
		}
	}
	goat_yield();
	for (int i = WORDS - 1; i > 0; i--) {
		int j = (int)rng_below(rng, (unsigned)i + 1), o = order[i];

		order[i] = order[j];
		order[j] = o;
	}
	for (int i = 0; i < WORDS; i++) {
		long now = __atomic_load_n(&woken, __ATOMIC_RELAXED);

		check(now >= before && now <= 3 * i, "woken too early", now, 3 * i);
		before = now;
		goat_waitgroup_done(&wg[order[i]]);
	}
	goat_waitgroup_wait(&done);
	check(woken == 3 * WORDS, "woken", woken, 3 * WORDS);
}

// ----------------------------------------------------------------

int
main(int argc, char **argv)
{
	static const struct part part[] = {
		{ "many to many", many_to_many }, { "selects", selects }, { "closing", closing },
		{ "locks", locks }, { "words", words }, { 0 },
	};

	rounds(part, argc > 1 ? atoi(argv[1]) : 20, rng_seed());
	return trouble != 0;
}
