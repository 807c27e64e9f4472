package admin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"i80.dk/sighej"
)

// loginTime is how long a log-in is good.
const loginTime = 12 * time.Hour

// Names of the cookie. A browser takes the first from an encrypted page only, and
// for no other host.
const (
	secureCookie = "__Host-sighej-admin"
	plainCookie  = "sighej-admin"
)

// Bounds of the body of the log-in: bytes, and the time it may take.
const (
	maxForm  = 4 << 10
	formTime = 5 * time.Second
)

// loginRoutes are for who is not let in yet.
func (g *guard) loginRoutes(mux *http.ServeMux, logger *slog.Logger) {
	if g.token == "" {
		home := http.RedirectHandler("/", http.StatusSeeOther)
		mux.Handle("GET /login", home)
		return
	}
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		if g.knows(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		render(w, http.StatusOK, "login.html", login{})
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) { g.logIn(w, r, logger) })
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		g.keep(w, r, "", -1)
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
}

// login is what the log-in page shows.
type login struct {
	Wrong bool
	Wait  int // seconds until a token is looked at again
}

func (g *guard) logIn(w http.ResponseWriter, r *http.Request, logger *slog.Logger) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(formTime)) // not every writer can, and then has its own
	err := g.check(r, r.PostFormValue("token"))
	switch sighej.CodeOf(err) {
	case sighej.CodeRateLimited:
		coded, _ := errors.AsType[*sighej.Error](err)
		seconds := int(math.Ceil(coded.RetryAfter.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		render(w, http.StatusTooManyRequests, "login.html", login{Wait: seconds})
		return
	case sighej.CodeUnauthorized:
		logger.WarnContext(r.Context(), "a log-in with a wrong admin token", slog.String("from", g.address(r).String()))
		render(w, http.StatusUnauthorized, "login.html", login{Wrong: true})
		return
	}
	until := time.Now().Add(loginTime)
	g.keep(w, r, g.pass(until), int(loginTime.Seconds()))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// keep has a browser keep a pass, or with an age below 0 forget it.
func (g *guard) keep(w http.ResponseWriter, r *http.Request, pass string, age int) {
	c := http.Cookie{Name: plainCookie, Value: pass, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode} //nolint:gosec // see below
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {                                                           // who lies here binds nobody but themselves
		c.Name, c.Secure = secureCookie, true
	}
	http.SetCookie(w, &c)
}

// knows reports whether a request bears a pass that is still good.
func (g *guard) knows(r *http.Request) bool {
	for _, name := range []string{secureCookie, plainCookie} {
		c, err := r.Cookie(name)
		if err != nil {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil || len(raw) < 8 {
			continue
		}
		until := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
		if hmac.Equal([]byte(c.Value), []byte(g.pass(until))) && time.Now().Before(until) {
			return true
		}
	}
	return false
}

// pass returns what shows, until that time, that its bearer knew the token. It
// holds on every member with the same token and ends with that.
func (g *guard) pass(until time.Time) string {
	key := sha256.Sum256([]byte("sighej: passes of the internal listener\x00" + g.token))
	raw := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(raw)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(raw))
}
