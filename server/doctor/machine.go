package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// dataDir sees whether a member could write there, with a file that is gone at
// once.
func (r *Report) dataDir(o server.Options) {
	const check = "data directory"
	if o.DatabaseURL != "" && o.InterestKey != "" {
		r.ok(check, "not needed: statistics and interest key are elsewhere")
		return
	}
	dir, made := existing(o.DataDir)
	f, err := os.CreateTemp(dir, ".sighej-doctor-*")
	if err != nil {
		r.fault(check, "Give it to the user that runs the member, as in chown, or name another one in DATA_DIR.", "%s: %s", dir, cause(err))
		return
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	if made {
		r.ok(check, "%s is writable", o.DataDir)
	} else {
		r.ok(check, "%s will be made", o.DataDir)
	}
}

// existing returns the directory itself, or else the nearest one above it that
// is there.
func existing(dir string) (nearest string, itself bool) {
	for nearest = filepath.Clean(dir); ; nearest = filepath.Dir(nearest) {
		if _, err := os.Stat(nearest); !errors.Is(err, fs.ErrNotExist) || nearest == filepath.Dir(nearest) {
			return nearest, nearest == filepath.Clean(dir)
		}
	}
}

// cause is an error of the system without the path of a file that was tried.
func cause(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	return err.Error()
}

// ports sees whether the listeners are free, or this member runs already.
func (r *Report) ports(ctx context.Context, o server.Options) {
	runs := aMemberServes(ctx, o.ListenAddr)
	for _, l := range []struct{ setting, address string }{
		{"LISTEN_ADDR", o.ListenAddr}, {"ADMIN_LISTEN_ADDR", o.AdminListenAddr}, {"CLUSTER_LISTEN_ADDR", o.ClusterListenAddr},
	} {
		if l.address != "" {
			r.port(l.setting, l.address, runs)
		}
	}
}

func (r *Report) port(setting, address string, runs bool) {
	const check = "port"
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		_ = listener.Close()
		r.ok(check, "%s %s is free", setting, address)
	case errors.Is(err, syscall.EADDRINUSE) && runs:
		r.ok(check, "%s %s is taken; a member runs here", setting, address)
	case errors.Is(err, syscall.EADDRINUSE):
		r.fault(check, "Another program has it (ss -ltnp names it): end that one, or take another port.", "%s %s is taken", setting, address)
	case errors.Is(err, syscall.EACCES):
		r.fault(check, "Ports below 1024 need a right of their own (AmbientCapabilities=CAP_NET_BIND_SERVICE): take a higher one.",
			"%s %s is not allowed", setting, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		r.fault(check, "Name an address of this machine (ip addr lists them), or 0.0.0.0 for all.", "%s %s is not of this machine", setting, address)
	default:
		r.fault(check, "Name an address of this machine and a free port.", "%s %s: %s", setting, address, err)
	}
}

// aMemberServes reports whether what answers there is a member.
func aMemberServes(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.Dialable(address)+"/health", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var h wire.Health
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return err == nil && json.Unmarshal(body, &h) == nil && h.Status != "" && h.Components["sessions"] != ""
}

// spareFiles are those that are no phone's: stores, other members, operators,
// and phones that are just being refused.
const spareFiles = 500

func (r *Report) files(o server.Options, limit uint64) {
	const check = "open files"
	switch want := uint64(o.MaxConnections) + spareFiles; { //nolint:gosec // it has been validated
	case limit == 0:
		r.ok(check, "no limit")
	case o.MaxConnections == 0:
		r.warn(check, "MAX_CONNECTIONS=0 lets phones use them all up, and then nobody is answered. Set it to some hundred fewer.",
			"%d, and any number of connections", limit)
	case limit < want:
		r.fault(check, "Phones would use them all up, and then nobody is answered. Raise the limit (LimitNOFILE= in systemd, "+
			"ulimits: in compose, ulimit -n), or lower MAX_CONNECTIONS.", "%d, but MAX_CONNECTIONS=%d wants %d", limit, o.MaxConnections, want)
	default:
		r.ok(check, "%d for %d connections", limit, o.MaxConnections)
	}
}
