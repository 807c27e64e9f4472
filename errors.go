package sighej

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is the stable, machine-readable name of an error. It is part of the
// public contract: it never changes its meaning.
type Code string

const (
	CodeMalformed        Code = "malformed"          // not JSON, or not UTF-8, or not of the form that was asked for
	CodeInvalid          Code = "invalid"            // well-formed, but a value is not acceptable
	CodeUnauthorized     Code = "unauthorized"       // no access token, or one that no live session has
	CodeForbidden        Code = "forbidden"          // a valid access token, but of another session
	CodeNotFound         Code = "not_found"          // no such thing
	CodeMethodNotAllowed Code = "method_not_allowed" // the path exists, the method does not
	CodeNotAcceptable    Code = "not_acceptable"     // no answer in a form that the caller accepts
	CodeTokenLive        Code = "token_live"         // the token already belongs to a live session
	CodeTooLarge         Code = "too_large"          // a body or frame over its limit
	CodeUnsupportedMedia Code = "unsupported_media"  // a content type or frame type that is not understood
	CodeUnknownType      Code = "unknown_type"       // a frame of a type that the contract lacks
	CodeRateLimited      Code = "rate_limited"       // over a limit; try again after RetryAfter
	CodeMatchLimit       Code = "match_limit"        // over the session's own new matches an hour
	CodeUnavailable      Code = "unavailable"        // a store is away; nothing was changed that the answer would hide
	CodeOverloaded       Code = "overloaded"         // a bounded queue is full; try again after RetryAfter
	CodeInternal         Code = "internal"           // a defect of ours; the log has more
)

// Error is an error with a stable code. Transport maps it to an HTTP status, a
// close code or an error frame, and nothing else does.
type Error struct {
	Code       Code
	Message    string         // for people outside; never bears a token, an access token, a label or the cause
	RetryAfter time.Duration  // 0: unknown, or trying again will not help
	Fields     []InvalidField // with CodeInvalid: every value that is not acceptable, if it can be told
	cause      error
}

// InvalidField is one value that is not acceptable. Path is as in
// "interests[2]".
type InvalidField struct {
	Path    string
	Message string
}

// Errorf returns an error with a code. An operand of %w is the cause: Error tells
// it, for the log, and Message leaves it out when it stands last, after ": ".
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
	if e.cause != nil {
		e.Message = strings.TrimSuffix(e.Message, ": "+e.cause.Error())
	}
	return e
}

// Error returns the message with the cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// After returns e with a time after which another try may succeed.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// CodeOf returns the code of the first [Error] in err's chain, [CodeInternal]
// for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
