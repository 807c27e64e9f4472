/* Stands for Android's log: what the binding's C says goes to standard error. */
#ifndef ANDROID_LOG_H
#define ANDROID_LOG_H

#include <stdarg.h>
#include <stdio.h>

enum { ANDROID_LOG_INFO = 4, ANDROID_LOG_FATAL = 7 };

static inline int __android_log_print(int priority, const char *tag, const char *format, ...) {
	va_list args;
	int written = fprintf(stderr, "%d %s: ", priority, tag);
	va_start(args, format);
	written += vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return written;
}

#endif
