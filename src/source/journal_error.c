/* SPDX-License-Identifier: Apache-2.0 */
#include "source/journal.h"

#include <errno.h>
#include <string.h>

const char *journal_strerror(int error)
{
	switch (-error) {
	case EACCES:
	case EPERM:
		return "the journal may not be read by this user; add the user to the group systemd-journal";
	case ENOENT:
		return "there is no journal here; check that systemd-journald runs, or the directory, file or namespace given";
	case ENOTDIR:
		return "the journal directory given is no directory; give single files as files";
	case EISDIR:
		return "this is a directory; give it as the journal directory";
	case ENODATA:
	case EBADMSG:
	case EPROTONOSUPPORT:
		return "the journal files are damaged, or too new for this libsystemd; try journalctl --verify";
	case EMFILE:
	case ENFILE:
		return "too many open files or inotify instances; raise LimitNOFILE= or fs.inotify.max_user_instances";
	case ENOSPC:
		return "too many inotify watches; raise fs.inotify.max_user_watches";
	case EFAULT:
		return "the journal files shrink while they are read; try journalctl --verify";
	case ENOTCONN:
		return "the journal is not open";
	default:
		return strerrordesc_np(-error);
	}
}
