package transport

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
)

// bearer returns what an Authorization header bears, or "".
func bearer(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(rest)
}

// caller is who asks: own is the token that the body names, or "". With Beacon
// a call that names none bears its token where the access token would be.
func (a *api) caller(authorization, own string) sighej.Caller {
	c := sighej.Caller{Token: sighej.Token(own)}
	shown := bearer(authorization)
	if access, err := sighej.ParseAccessToken(shown); err == nil {
		c.Access = access
	} else if a.cfg.Beacon && own == "" && sighej.ValidToken(shown) {
		c.Token = sighej.Token(shown)
	}
	return c
}

// own is the input of a call that has nothing but the credential.
type own struct {
	authorization string
}

// Resolve is called by the framework for each request.
func (in *own) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	return nil
}

// admit checks the admin token. Without one set, nothing is to be found here.
func (a *api) admit(authorization string) error {
	if a.cfg.AdminToken == "" {
		return errNoSuchPage
	}
	want, got := sha256.Sum256([]byte(a.cfg.AdminToken)), sha256.Sum256([]byte(bearer(authorization)))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return sighej.Errorf(sighej.CodeUnauthorized, "the admin token is missing or wrong")
	}
	return nil
}
