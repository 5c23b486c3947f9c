package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// maxAnswer bounds an answer that is decoded as a whole. `info` of a
	// dockerd with many plugins and warnings has some 10 KiB.
	maxAnswer = 1 << 20
	// maxHeader bounds the header of an answer.
	maxHeader = 64 << 10
	// maxMessage is how much of an error of dockerd's is shown.
	maxMessage = 2 << 10
)

// newTransport speaks HTTP over the connections that dial makes. It unpacks
// nothing: an answer is as large as what was sent.
func newTransport(dial Dialer) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}

// limited bounds every answer to the API client.
type limited struct{ c *Client }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.c.transport.RoundTrip(r)
	if err == nil {
		res.Body = &limitedBody{ReadCloser: res.Body, c: l.c, limited: untrusted.NewReader(res.Body, "an answer of "+l.c.program(), maxAnswer)}
	}
	return res, err
}

type limitedBody struct {
	io.ReadCloser
	c       *Client
	limited *untrusted.Reader
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.limited.Read(p)
	if large, ok := errors.AsType[*untrusted.TooLargeError](err); ok {
		b.c.mu.Lock()
		b.c.large = large
		b.c.mu.Unlock()
	}
	return n, err
}

// version is what dockerd may call its API.
var version = regexp.MustCompile(`^[0-9]{1,3}\.[0-9]{1,3}$`)

// negotiate settles the version of the API, once.
func (c *Client) negotiate(ctx context.Context) error {
	c.mu.Lock()
	known := c.negotiated
	c.mu.Unlock()
	if known {
		return nil
	}
	ping, err := c.api.Ping(ctx)
	if err != nil {
		return c.explain(ctx, err)
	}
	if ping.APIVersion != "" && !version.MatchString(ping.APIVersion) {
		return fmt.Errorf("ask %s: it says that its API is version %.40q", c.server, ping.APIVersion)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.negotiated {
		c.api.NegotiateAPIVersionPing(ping)
		c.negotiated = true
	}
	return nil
}

// stream asks for an answer of which only a part is held at a time: the API
// client decodes lists as a whole. The caller bounds and closes the body.
func (c *Client) stream(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	if err := c.negotiate(ctx); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: c.scheme, Host: c.address, Path: "/v" + c.api.ClientVersion() + path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.server, err)
	}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		err := fmt.Errorf("ask %s: %d: %s", c.server, res.StatusCode, message(res.Body))
		return nil, errors.Join(err, res.Body.Close())
	}
	return res.Body, nil
}

// message is what dockerd says of a failure.
func message(body io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(body, 16*maxMessage))
	var m struct{ Message string }
	if err == nil && json.Unmarshal(text, &m) == nil {
		text = []byte(m.Message)
	}
	return clip(strings.TrimSpace(string(text)), maxMessage)
}

// clip is the beginning of a text of dockerd's.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
