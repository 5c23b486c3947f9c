//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
)

// The network plugins of podman as FreeBSD's port net/containernetworking-plugins has them: its bridge has pf translate the
// addresses of containers by the table cni-nat, and its portmap loads "rdr pass" rules into an anchor for each container.

func cniCommands() map[string]command {
	return map[string]command{"bridge": cniBridge, "portmap": cniPortmap, "firewall": cniPrevious, "tuning": cniPrevious}
}

// cniConfig is the part of a network configuration that the plugins read (CNI specification, section 1).
type cniConfig struct {
	Version string          `json:"cniVersion"`
	Prev    json.RawMessage `json:"prevResult"`
	Runtime struct {
		Ports []struct {
			Host      int    `json:"hostPort"`
			Container int    `json:"containerPort"`
			Protocol  string `json:"protocol"`
			HostIP    string `json:"hostIP"`
		} `json:"portMappings"`
	} `json:"runtimeConfig"`
}

// cniResult is what a plugin has made, as far as its addresses and interfaces go.
type cniResult struct {
	Interfaces []struct{ Name string } `json:"interfaces"`
	IPs        []struct {
		Address netip.Prefix `json:"address"`
	} `json:"ips"`
}

const realCNI = "/usr/lib/cni"

func cniRead(l *lab) (raw []byte, config cniConfig, result cniResult, err error) {
	if raw, err = io.ReadAll(l.in); err == nil && len(bytes.TrimSpace(raw)) > 0 {
		err = json.Unmarshal(raw, &config)
	}
	if err == nil && len(config.Prev) > 0 {
		err = json.Unmarshal(config.Prev, &result)
	}
	return raw, config, result, err
}

// cniRun runs Debian's plugin of that name.
func cniRun(name string, config []byte) ([]byte, error) {
	cmd := exec.Command(realCNI + "/" + name)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(config), os.Stderr
	cmd.Env = append(os.Environ(), "CNI_PATH="+realCNI, "PATH=/usr/lab/debian:/usr/sbin:/usr/bin")
	return cmd.Output()
}

// cniFails is an error as the specification has it (section 5).
func cniFails(l *lab, err error) int {
	text, _ := json.Marshal(map[string]any{"cniVersion": "0.4.0", "code": 999, "msg": err.Error()})
	l.printf("%s\n", text)
	return 1
}

// cniBridge is Debian's, but for the translation of addresses, which is pf's.
func cniBridge(l *lab) int {
	raw, _, before, err := cniRead(l)
	if err != nil {
		return cniFails(l, err)
	}
	var all map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &all) == nil {
		all["ipMasq"] = false
		raw, _ = json.Marshal(all)
	}
	out, err := cniRun("bridge", raw)
	l.printf("%s", out)
	if err != nil {
		return 1
	}
	command, addresses := "delete", before
	if os.Getenv("CNI_COMMAND") == "ADD" {
		command, addresses = "add", cniResult{}
		if err := json.Unmarshal(out, &addresses); err != nil {
			return cniFails(l, err)
		}
	}
	for _, ip := range addresses.IPs {
		if command == "add" || os.Getenv("CNI_COMMAND") == "DEL" {
			l.report(pfctlOf("-q", "-t", "cni-nat", "-T", command, ip.Address.Addr().String()))
		}
	}
	return 0
}

func pfctlOf(args ...string) error {
	out, err := exec.Command("/sbin/pfctl", args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("pfctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return err
}

// cniPortmap gives pf the rules for published ports.
func cniPortmap(l *lab) int {
	_, config, result, err := cniRead(l)
	if err != nil {
		return cniFails(l, err)
	}
	anchor := "cni-rdr/" + os.Getenv("CNI_CONTAINERID")[:min(32, len(os.Getenv("CNI_CONTAINERID")))]
	switch os.Getenv("CNI_COMMAND") {
	case "DEL":
		if len(config.Runtime.Ports) > 0 {
			l.report(pfctlOf("-a", anchor, "-F", "nat"))
		}
		return 0
	case "ADD":
	default:
		return cniPrints(l, config)
	}
	var rules strings.Builder
	for _, ip := range result.IPs {
		for _, p := range config.Runtime.Ports {
			to := "self"
			if p.HostIP != "" {
				to = p.HostIP
			}
			fmt.Fprintf(&rules, "rdr pass inet proto %s from any to %s port %d -> %s port %d\n", p.Protocol, to, p.Host, ip.Address.Addr(), p.Container)
		}
	}
	if rules.Len() > 0 {
		cmd := exec.Command("/sbin/pfctl", "-a", anchor, "-f", "-")
		cmd.Stdin = strings.NewReader(rules.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			return cniFails(l, fmt.Errorf("error loading rules: %w: %s", err, out))
		}
	}
	return cniPrints(l, config)
}

// cniPrevious is a plugin that changes nothing here.
func cniPrevious(l *lab) int {
	_, config, _, err := cniRead(l)
	if err != nil {
		return cniFails(l, err)
	}
	return cniPrints(l, config)
}

func cniPrints(l *lab, config cniConfig) int {
	switch os.Getenv("CNI_COMMAND") {
	case "VERSION":
		l.printf(`{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}`)
	case "ADD":
		l.printf("%s", config.Prev)
	}
	return 0
}
