package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"i80.dk/sighej/cluster"
)

type clusterCertsCommand struct {
	Dir   string   `arg:"" help:"Directory for the files; it is made if it is not there."`
	Hosts []string `arg:"" name:"host" help:"A member's DNS name or IP address, as the others dial it: the host of its CLUSTER_ADVERTISE_ADDR or CLUSTER_LISTEN_ADDR."`
}

// Help is what `sighej cluster certs --help` tells beyond the arguments.
func (clusterCertsCommand) Help() string {
	return "The first time it also makes an authority, ca.crt and ca.key, which signs the members' certificates; later " +
		"that one signs for members that are added. Nothing that is there is overwritten. Certificates are valid for a " +
		"year, the authority for ten."
}

// Run makes the certificates and tells what they are for.
func (c *clusterCertsCommand) Run(std streams) error {
	ca := filepath.Join(c.Dir, "ca.crt")
	_, err := os.Stat(ca)
	known := err == nil
	if err := cluster.WriteCertificates(c.Dir, c.Hosts); err != nil {
		return err
	}
	_, err = io.WriteString(std.out, c.told(ca, known))
	return err
}

// told is what was written and how to use it.
func (c *clusterCertsCommand) told(ca string, known bool) string {
	var b strings.Builder
	if known {
		fmt.Fprintf(&b, "Signed by the authority that was there, %s.\n", ca)
	} else {
		fmt.Fprintf(&b, "%s\n  the authority: every member needs a copy\n", ca)
		fmt.Fprintf(&b, "%s\n  its key: whoever has it can make members; keep it where none of them runs\n", filepath.Join(c.Dir, "ca.key"))
	}
	for _, host := range c.Hosts {
		cert, key := filepath.Join(c.Dir, host+".crt"), filepath.Join(c.Dir, host+".key")
		fmt.Fprintf(&b, "%s\n%s\n  for the member that the others dial at %s\n", cert, key, host)
	}
	b.WriteString("\nThe settings of each member, with the paths of its own copies:\n")
	for _, host := range c.Hosts {
		cert, key := filepath.Join(c.Dir, host+".crt"), filepath.Join(c.Dir, host+".key")
		fmt.Fprintf(&b, "\nCLUSTER_TLS_CA=%s\nCLUSTER_TLS_CERT=%s\nCLUSTER_TLS_KEY=%s\n", ca, cert, key)
	}
	return b.String()
}
