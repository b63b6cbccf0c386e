/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One thread, one loop. The journal wakes it through its descriptor; reading then goes on in rounds of
 * bounded size, between which HTTP gets its turn. libmicrohttpd has an epoll descriptor of its own for
 * each listening socket, and a time at which it wants to run. While nothing happens, nothing wakes up
 * but the watchdog.
 */

#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "daemon/keeper.h"
#include "http/server.h"
#include "metrics/exposition.h"

/* A scrape goes before reading on: it reads itself what it needs. */
enum {
	PRIORITY_HTTP = SD_EVENT_PRIORITY_IMPORTANT,
	PRIORITY_JOURNAL = SD_EVENT_PRIORITY_NORMAL,
	PRIORITY_READ = SD_EVENT_PRIORITY_IDLE,
};

struct daemon {
	struct exporter *exporter; /* borrowed */
	struct http_server *server;
	struct routes routes;
	struct keeper keeper;
	sd_event *event;
	sd_event_source *read;			     /* on while there is something left to read */
	sd_event_source *journal_io, *journal_timer; /* gone while the source is down */
	sd_event_source *retry;			     /* on while the source is down */
	sd_event_source *http_timer;
	sd_event_source *save_timer; /* on while there is something that was not saved yet */
	int last_error;		     /* what was logged of the source last: each trouble once */
};

/* Sends the one-line state that `systemctl status` shows. */
static void notify(const struct daemon *d, const char *state)
{
	const struct exporter *e = d->exporter;

	(void)sd_notifyf(0, "%sSTATUS=%s, %llu entries read%s", state,
			 e->source_up ? "Reading the journal" : "The journal cannot be read",
			 (unsigned long long)e->entries_read, e->caught_up ? "" : ", catching up");
}

static void log_source_error(struct daemon *d, int error)
{
	if (error == d->last_error)
		return;
	d->last_error = error;
	log_error("cannot read the journal, trying again every 30 s", "reason",
		  journal_strerror(error), "error", strerror(-error));
}

static void arm(sd_event_source *source, int enabled)
{
	(void)sd_event_source_set_enabled(source, enabled);
}

/* Stops listening to the files and sets the clock for the next try. */
static void source_down(struct daemon *d, int error)
{
	log_source_error(d, error);
	d->journal_io = sd_event_source_disable_unref(d->journal_io);
	d->journal_timer = sd_event_source_disable_unref(d->journal_timer);
	arm(d->read, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(d->retry, JOURNAL_RETRY_USEC);
	arm(d->retry, SD_EVENT_ONESHOT);
	notify(d, "");
}

/* Sets the clock for the next save, if there is one to come, and never later than it is set already. */
static void arm_save(struct daemon *d)
{
	uint64_t delay_usec = keeper_delay_usec(&d->keeper), now_usec, set_usec;
	int enabled = SD_EVENT_OFF;

	if (delay_usec == UINT64_MAX) {
		arm(d->save_timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_get_enabled(d->save_timer, &enabled);
	if (enabled != SD_EVENT_OFF && sd_event_now(d->event, CLOCK_MONOTONIC, &now_usec) >= 0 &&
	    sd_event_source_get_time(d->save_timer, &set_usec) >= 0 &&
	    set_usec <= now_usec + delay_usec)
		return;
	(void)sd_event_source_set_time_relative(d->save_timer, delay_usec);
	arm(d->save_timer, SD_EVENT_ONESHOT);
}

static int on_save(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	(void)source;
	(void)usec;
	keeper_save(&d->keeper);
	arm_save(d);
	return 0;
}

/* One bounded round; asks to be called again while there is more. */
static int on_read(sd_event_source *source, void *userdata)
{
	struct daemon *d = userdata;
	bool was_behind = !d->exporter->caught_up;
	int r = exporter_round(d->exporter);

	(void)source;
	if (r < 0)
		source_down(d, r);
	else if (r == 0)
		arm(d->read, SD_EVENT_OFF);
	arm_save(d);
	if (was_behind && d->exporter->caught_up) {
		log_info("caught up with the journal");
		notify(d, "");
	}
	return 0;
}

static void start_reading(struct daemon *d)
{
	arm(d->read, SD_EVENT_ON);
}

static void rearm_journal_timer(struct daemon *d)
{
	uint64_t usec = journal_timeout_usec(d->exporter->journal);

	if (!d->journal_timer || usec == UINT64_MAX)
		return;
	(void)sd_event_source_set_time(d->journal_timer, usec);
	arm(d->journal_timer, SD_EVENT_ONESHOT);
}

static void process_journal(struct daemon *d)
{
	int r = journal_process(d->exporter->journal);

	if (r < 0) {
		d->exporter->source_up = false;
		source_down(d, r);
		return;
	}
	start_reading(d);
	rearm_journal_timer(d);
}

static int on_journal(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	process_journal(userdata);
	return 0;
}

static int on_journal_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	process_journal(userdata);
	return 0;
}

/* Follows the files that are open now. Single files have nothing to follow. */
static int watch_journal(struct daemon *d)
{
	struct journal *journal = d->exporter->journal;
	int fd = journal_fd(journal), r;

	if (fd < 0)
		return 0;
	r = sd_event_add_io(d->event, &d->journal_io, fd, (uint32_t)journal_poll_events(journal),
			    on_journal, d);
	if (r >= 0)
		r = sd_event_source_set_priority(d->journal_io, PRIORITY_JOURNAL);
	if (r >= 0)
		r = sd_event_add_time(d->event, &d->journal_timer, CLOCK_MONOTONIC, UINT64_MAX, 0,
				      on_journal_timer, d);
	if (r >= 0)
		rearm_journal_timer(d);
	return r;
}

static void open_source(struct daemon *d)
{
	int r;

	d->journal_io = sd_event_source_disable_unref(d->journal_io);
	d->journal_timer = sd_event_source_disable_unref(d->journal_timer);
	r = exporter_open(d->exporter);
	if (r >= 0)
		r = watch_journal(d);
	if (r < 0) {
		d->exporter->source_up = false;
		source_down(d, r);
		return;
	}
	if (d->last_error != 0)
		log_info("the journal can be read again");
	keeper_opened(&d->keeper);
	d->last_error = 0;
	arm(d->retry, SD_EVENT_OFF);
	start_reading(d);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	open_source(userdata);
	return 0;
}

static void run_http(struct daemon *d)
{
	uint64_t usec;

	http_server_run(d->server);
	usec = http_server_timeout_usec(d->server);
	if (usec == UINT64_MAX) {
		arm(d->http_timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(d->http_timer, usec);
	arm(d->http_timer, SD_EVENT_ONESHOT);
}

static int on_http(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	run_http(userdata);
	return 0;
}

static int on_http_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	run_http(userdata);
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	(void)si;
	(void)userdata;
	log_info("stopping");
	(void)sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	char message[EXPORTER_MESSAGE_MAX];
	struct daemon *d = userdata;
	int r;

	(void)source;
	(void)si;
	(void)sd_notify(0, "RELOADING=1");
	r = exporter_reload(d->exporter, message);
	if (r < 0)
		log_error("cannot reload, going on as before", "reason",
			  message[0] ? message : strerror(-r));
	else
		log_info("reloaded");
	d->routes.catalogue = d->exporter->numbers.catalogue;
	keeper_save(&d->keeper);
	arm_save(d);
	if (!d->exporter->source_up)
		open_source(d);
	notify(d, "READY=1\n");
	return 0;
}

/* What is waiting in the journal is read before a scrape is answered, within bounds. */
static void answer_metrics(void *userdata, struct buf *out, const char **ret_content_type)
{
	struct daemon *d = userdata;
	int r = 1;

	for (unsigned i = 0; i < EXPORTER_SCRAPE_ROUNDS && r > 0 && d->exporter->source_up; i++) {
		r = exporter_round(d->exporter);
		if (r < 0)
			source_down(d, r);
	}
	if (r > 0 && d->exporter->source_up)
		start_reading(d);
	/* A series that was shown once may not be held at 0 again after a crash. */
	if (exporter_expose(d->exporter, out) > 0)
		keeper_save(&d->keeper);
	arm_save(d);
	*ret_content_type = EXPOSITION_CONTENT_TYPE;
}

static void answer_status(void *userdata, struct routes_status *ret)
{
	struct daemon *d = userdata;

	exporter_status(d->exporter, ret);
}

/* Nothing before the backlog is read, as in the metrics. */
static bool answer_count(void *userdata, unsigned code, struct routes_count *ret)
{
	struct daemon *d = userdata;

	if (d->exporter->caught_up)
		exporter_count(d->exporter, code, ret);
	return d->exporter->caught_up;
}

/* The sources that exist all the time; those of the journal come and go. */
static int add_sources(struct daemon *d)
{
	int r;

	r = sd_event_add_defer(d->event, &d->read, on_read, d);
	if (r >= 0)
		r = sd_event_source_set_priority(d->read, PRIORITY_READ);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->read, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(d->event, &d->retry, CLOCK_MONOTONIC,
					       JOURNAL_RETRY_USEC, 0, on_retry, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->retry, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(d->event, &d->http_timer, CLOCK_MONOTONIC, UINT64_MAX,
				      USEC_PER_MSEC, on_http_timer, d);
	if (r >= 0)
		r = sd_event_add_time(d->event, &d->save_timer, CLOCK_MONOTONIC, UINT64_MAX, 0,
				      on_save, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->save_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(d->http_timer, PRIORITY_HTTP);
	return r;
}

static int add_signals(struct daemon *d)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i].signal);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(signals) && r >= 0; i++)
		r = sd_event_add_signal(d->event, NULL, signals[i].signal, signals[i].handler, d);
	return r < 0 ? r : 0;
}

/* Puts the listener that was opened last into the loop. */
static int serve(struct daemon *d)
{
	unsigned i = http_server_listeners(d->server) - 1;
	sd_event_source *source = NULL;
	char address[HTTP_ADDRESS_SIZE];
	int r = sd_event_add_io(d->event, &source, http_server_fd(d->server, i), EPOLLIN, on_http,
				d);

	if (r >= 0)
		r = sd_event_source_set_priority(source, PRIORITY_HTTP);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	if (r >= 0 && http_server_address(d->server, i, address, sizeof(address)) == 0)
		log_info("listening", "address", address, "path",
			 d->exporter->options->telemetry_path);
	return r;
}

static int listen_at(struct daemon *d, const char *address)
{
	int r = http_server_listen(d->server, address);

	if (r < 0) {
		log_error("cannot listen, choose another --web.listen-address", "address", address,
			  "reason",
			  r == -EINVAL ? "not an address: give :PORT, HOST:PORT or [IPV6]:PORT"
			  : r == -EADDRNOTAVAIL ? "no address of this machine, or no such name"
						: strerror(-r));
		return r;
	}
	return serve(d);
}

/* The sockets of a .socket unit, sd_listen_fds(3). */
static int listen_systemd(struct daemon *d)
{
	int n = sd_listen_fds(/* unset_environment= */ 1), r = 0;

	if (n <= 0) {
		log_error("systemd handed over no socket: start the .socket unit, or leave out "
			  "--web.systemd-socket");
		return -ENOTCONN;
	}
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n && r >= 0; fd++) {
		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, /* listening= */ 1) <= 0) {
			log_error("systemd handed over something that is no listening stream "
				  "socket: check ListenStream= of the .socket unit");
			return -ENOTSOCK;
		}
		r = http_server_adopt(d->server, fd);
		if (r >= 0)
			r = serve(d);
	}
	return r;
}

static int listen_all(struct daemon *d)
{
	const struct options *o = d->exporter->options;
	int r = 0;

	if (o->systemd_socket)
		return listen_systemd(d);
	for (unsigned i = 0; r >= 0 && i < o->n_listen; i++)
		r = listen_at(d, o->listen[i]);
	return r;
}

static int start(struct daemon *d)
{
	int r = sd_event_default(&d->event);

	if (r >= 0)
		r = add_signals(d);
	if (r >= 0)
		r = add_sources(d);
	if (r < 0) {
		log_error("cannot set up the event loop", "reason", strerror(-r));
		return r;
	}
	r = http_server_new(&d->server, routes_handle, &d->routes);
	if (r >= 0)
		r = listen_all(d);
	return r;
}

static void done(struct daemon *d)
{
	d->server = http_server_free(d->server);
	d->journal_io = sd_event_source_disable_unref(d->journal_io);
	d->journal_timer = sd_event_source_disable_unref(d->journal_timer);
	d->read = sd_event_source_disable_unref(d->read);
	d->retry = sd_event_source_disable_unref(d->retry);
	d->http_timer = sd_event_source_disable_unref(d->http_timer);
	d->save_timer = sd_event_source_disable_unref(d->save_timer);
	d->event = sd_event_unref(d->event);
}

int daemon_run(struct exporter *exporter)
{
	struct daemon d = {
		.exporter = exporter,
		.keeper = { .lock = -1 },
		.routes = {
			.telemetry_path = exporter->options->telemetry_path,
			.metrics = answer_metrics,
			.status = answer_status,
			.catalogue = exporter->numbers.catalogue,
			.languages = exporter->languages,
			.count = answer_count,
		},
	};
	int r;

	d.routes.userdata = &d;
	r = start(&d);
	if (r >= 0) {
		(void)sd_event_set_watchdog(d.event, true);
		r = keeper_init(&d.keeper, exporter);
	}
	if (r >= 0) {
		open_source(&d);
		/* Before the backlog is read, or a long one would run into TimeoutStartSec=. */
		notify(&d, "READY=1\n");
		r = sd_event_loop(d.event);
		keeper_save(&d.keeper);
	}
	keeper_done(&d.keeper);
	done(&d);
	return r;
}
