package doctor

import (
	"cmp"
	"net"
	"os"
	"runtime"
	"time"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/server"
)

// soon is how long before its end a certificate is worth a warning.
const soon = 30 * 24 * time.Hour

func (r *Report) certificates(o server.Options, now time.Time) {
	const check = "cluster tls"
	switch {
	case !o.Clustered():
		return
	case o.ClusterTLSCA == "" && o.ClusterInsecure == "true":
		r.warn(check, "Whoever reaches that address can act for every session. Make certificates: sighej cluster certs DIR HOST...",
			"members talk without TLS at %s", o.ClusterListenAddr)
		return
	case o.ClusterTLSCA == "":
		r.ok(check, "none, and none needed: members talk over loopback")
		return
	}
	host, _, err := net.SplitHostPort(cmp.Or(o.ClusterAdvertiseAddr, o.ClusterListenAddr))
	if err != nil {
		return // told with the settings
	}
	c, err := cluster.InspectTLS(o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey, host, now)
	const again = "Make a new one (sighej cluster certs), put the files in place and restart this member."
	switch left := c.Until.Sub(now); {
	case err != nil:
		r.fault(check, "See that CLUSTER_TLS_CA, CLUSTER_TLS_CERT and CLUSTER_TLS_KEY name the files of one member and that its user may read them.", "%s", why(err))
	case left <= 0:
		r.fault(check, again, "the certificate ended on %s", c.Until.Format(time.DateOnly))
	case c.Fault != nil:
		r.fault(check, "Other members would not talk to this one. "+again, "%s", why(c.Fault))
	case left < soon:
		r.warn(check, again, "the certificate ends on %s", c.Until.Format(time.DateOnly))
	default:
		r.ok(check, "for %s, until %s", host, c.Until.Format(time.DateOnly))
	}
	r.keyMode(o.ClusterTLSKey)
}

func (r *Report) keyMode(path string) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		r.warn("cluster tls key", "Whoever can read it can be this member: chmod 600.", "%s may be read by everybody", path)
	}
}
