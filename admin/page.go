package admin

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"i80.dk/sighej"
)

//go:embed page
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"asset": assetPath}).ParseFS(files, "page/*.html"))

// fragments are the parts of the page that change, each sent when it does.
var fragments = []string{"clock", "alerts", "health", "today", "latency", "live", "categories", "history", "members"}

// render answers with a template of ours, whole or not at all.
func render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// page answers GET /.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	p, _ := h.board.newest()
	if p == nil { // the first one is not drawn yet
		p = h.cfg.look(r.Context(), nil)
	}
	render(w, http.StatusOK, "page.html", h.cfg.view(p))
}

// leaving is what the dialog asks about.
type leaving struct {
	memberView
	Last bool // nobody else is up
}

// askDrain answers with the question of the dialog.
func askDrain(w http.ResponseWriter, r *http.Request, cfg Config) {
	all, err := cfg.Members(r.Context())
	if err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	var v view
	cfg.showMembers(&v, &picture{members: all})
	for _, m := range v.Members {
		if m.ID == r.PathValue("id") {
			render(w, http.StatusOK, "ask", leaving{m, v.Totals.Short == "1" && m.State == "up"})
			return
		}
	}
	fail(w, r, cfg.Logger, sighej.Errorf(sighej.CodeNotFound, "there is no such member any more"))
}

// said is the outcome of what a person did on the page.
type said struct {
	Bad  bool
	Text string
}

// byPage reports whether our page asks, which shows the answer to a person.
func byPage(r *http.Request) bool { return r.Header.Get("Hx-Request") == "true" }

func drained(w http.ResponseWriter, id string) {
	render(w, http.StatusAccepted, "said", said{Text: id[:min(len(id), 8)] + " was asked to drain. It leaves within ten seconds, and its phones connect elsewhere."})
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
