//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// fetch gets one address, with the options of fetch(1) that the steps use.
func fetch(l *lab) int {
	var short []string
	long := map[string]string{}
	for _, arg := range l.args {
		if !strings.HasPrefix(arg, "--") {
			short = append(short, arg)
			continue
		}
		key, value, _ := strings.Cut(arg[2:], "=")
		if !contains([]string{"ca-cert", "ca-path", "cert", "key", "no-verify-peer", "no-verify-hostname", "timeout", "quiet", "output"}, key) {
			l.errorf("fetch: unrecognized option `%s'\n", arg)
			return 1
		}
		long[key] = value
	}
	opts, rest, bad := getopt(short, "146AaB:dFi:lMmN:no:pPqRrS:sT:Uvw:")
	if bad != "" || len(rest) != 1 {
		l.errorf("fetch: %s\nusage: fetch [-146AadFlMmnPpqRrsUv] [-B bytes] [-T seconds] [-o file] URL ...\n", bad)
		return 1
	}
	if file := published(l, rest[0]); file != "" && l.conf("network", "yes") != "no" {
		return fetchPublished(l, file, value(opts, 'o'), rest[0])
	}
	client, err := fetchClient(l, opts, long)
	if err != nil {
		return l.fail("%v", err)
	}
	answer, err := client.Get(rest[0])
	if err != nil {
		words := err.Error()
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			words = "Connection refused"
		case strings.Contains(words, "no such host"):
			words = "Host does not resolve"
		case strings.Contains(words, "Timeout") || strings.Contains(words, "deadline"):
			words = "Operation timed out"
		case strings.Contains(words, "tls") || strings.Contains(words, "x509"):
			words = "Authentication error"
		}
		l.errorf("fetch: %s: %s\n", rest[0], words)
		return 1
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 400 {
		l.errorf("fetch: %s: %s\n", rest[0], http.StatusText(answer.StatusCode))
		return 1
	}
	out := l.out
	if name := value(opts, 'o'); name != "" && name != "-" {
		file, err := os.Create(l.path(name))
		if err != nil {
			return l.fail("%s: %v", name, err)
		}
		defer file.Close()
		out = file
	}
	if _, err := io.Copy(out, answer.Body); err != nil {
		return l.fail("%s: %v", rest[0], err)
	}
	return 0
}

func fetchClient(l *lab, opts []option, long map[string]string) (*http.Client, error) {
	seconds, _ := strconv.Atoi(value(opts, 'T'))
	config := &tls.Config{}
	if file := long["ca-cert"]; file != "" {
		text, err := os.ReadFile(l.path(file))
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(text)
	}
	if file := long["cert"]; file != "" {
		key := long["key"]
		if key == "" {
			key = file
		}
		pair, err := tls.LoadX509KeyPair(l.path(file), l.path(key))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Timeout: time.Duration(seconds) * time.Second, Transport: &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment}}, nil
}

// published is the file that an address means where a test puts what FreeBSD
// publishes, and what a mirror of that has: mirrors/HOST/. It is "" for the address
// of anything else, which is fetched.
func published(l *lab, address string) string {
	if path, ok := strings.CutPrefix(address, "https://download.freebsd.org/"); ok {
		return l.path(lasting + "download/" + path)
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	folder := l.path(lasting + "mirrors/" + host)
	if _, err := os.Stat(folder); err != nil || !strings.HasPrefix(address, "https://") {
		return ""
	}
	return folder + "/" + path
}

// fetchPublished gets such a file.
func fetchPublished(l *lab, file, to, address string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		l.errorf("fetch: %s: Not Found\n", address)
		return 1
	}
	if to == "" || to == "-" {
		_, err = l.out.Write(text)
	} else {
		err = os.WriteFile(l.path(to), text, 0o644)
	}
	if err != nil {
		return l.fail("%s: %v", to, err)
	}
	return 0
}
