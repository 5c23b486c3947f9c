package remoteimage

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// maxAnswer bounds one answer of a registry; manifests and configurations
	// are some kilobytes.
	maxAnswer = 4 << 20
	// maxRequests bounds what one image costs: logins, its index, and two for
	// each platform that is looked into.
	maxRequests = 40
)

var (
	errLarge = errors.New("the registry sends more than a manifest has")
	errMany  = errors.New("the registry sends from one place to the next")
)

// bounded is a transport to a server that is not trusted.
type bounded struct {
	base http.RoundTripper

	mu   sync.Mutex
	left int
}

// RoundTrip is that of http.RoundTripper.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.left--
	over := b.left < 0
	b.mu.Unlock()
	if over {
		return nil, errMany
	}
	res, err := b.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &limited{ReadCloser: res.Body, left: maxAnswer}
	return res, nil
}

type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errLarge
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errLarge
	}
	return n, err
}
