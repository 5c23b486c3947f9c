// Package engine asks the Docker API of an engine. It is the only importer
// of docker/docker, so that a move to its successor is a matter of this
// package. It makes no connections of its own: who calls it says how the
// engine is reached.
package engine

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/docker/docker/client"
)

// Dialer connects to an address as the guest sees it.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Client asks one engine. It may be used by many goroutines at once.
type Client struct {
	host            string
	server          string // as errors call it
	podman          bool
	scheme, address string
	api             *client.Client
	transport       *http.Transport
	dial            Dialer

	mu         sync.Mutex
	dialErr    error // of the latest attempt; the API client drops it
	large      error // an answer that was too large, likewise
	negotiated bool  // the version of the API
}

// New makes a client of the engine at host, "tcp://10.77.0.2:2376", which
// dial connects to. A nil cfg is a connection without TLS. Nothing is dialled
// yet.
func New(dial Dialer, cfg *tls.Config, host string) (*Client, error) {
	c := &Client{host: host, server: "dockerd at " + host, scheme: "http", dial: dial}
	u, err := client.ParseHostURL(host)
	if err != nil {
		return nil, fmt.Errorf("docker client for %s: %w", host, err)
	}
	if c.address = u.Host; cfg != nil {
		c.scheme = "https"
	}
	c.transport = newTransport(c.dialContext)
	c.transport.TLSClientConfig = cfg
	c.api, err = client.NewClientWithOpts(
		// WithHost changes the transport: it would take up the HTTP_PROXY of
		// this host, which knows no way to an address within the guest.
		client.WithHTTPClient(&http.Client{Transport: &http.Transport{}}),
		client.WithHost(host),
		client.WithScheme(c.scheme),
		client.WithHTTPClient(&http.Client{Transport: limited{c}, CheckRedirect: client.CheckRedirect}),
		client.WithAPIVersionNegotiation(),
	)
	if err != nil {
		return nil, fmt.Errorf("docker client for %s: %w", host, err)
	}
	return c, nil
}

// NewPodman makes a client of podman's service, which speaks the same API.
// dial connects to its socket, whatever address it is asked for.
func NewPodman(dial Dialer) (*Client, error) {
	c, err := New(dial, nil, "tcp://podman:80")
	if err == nil {
		c.server, c.podman = "podman in FreeBSD", true
	}
	return c, err
}

// program is what answers.
func (c *Client) program() string {
	if c.podman {
		return "podman"
	}
	return "dockerd"
}

func (c *Client) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	c.mu.Lock()
	c.dialErr = err
	c.mu.Unlock()
	return conn, err
}

// Close lets idle connections go.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return c.api.Close()
}

// Ping asks for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.api.Ping(ctx)
	return c.explain(ctx, err)
}

// Version is what the engine says of itself.
type Version struct {
	Version       string `json:"version"`
	APIVersion    string `json:"api_version"`
	MinAPIVersion string `json:"min_api_version"`
	Kernel        string `json:"kernel"`
	Architecture  string `json:"architecture"`
}

// Version asks for the version of dockerd and of its API.
func (c *Client) Version(ctx context.Context) (Version, error) {
	if err := c.negotiate(ctx); err != nil {
		return Version{}, err
	}
	v, err := c.api.ServerVersion(ctx)
	if err != nil {
		return Version{}, c.explain(ctx, err)
	}
	return Version{
		Version: word(v.Version), APIVersion: word(v.APIVersion), MinAPIVersion: word(v.MinAPIVersion),
		Kernel: word(v.KernelVersion), Architecture: word(v.Arch),
	}, nil
}

// Info is what `status` shows of an engine.
type Info struct {
	ServerVersion     string   `json:"server_version"`
	APIVersion        string   `json:"api_version"`
	MinAPIVersion     string   `json:"min_api_version"`
	OperatingSystem   string   `json:"operating_system"`
	Kernel            string   `json:"kernel"`
	Architecture      string   `json:"architecture"`
	StorageDriver     string   `json:"storage_driver"`
	CPUs              int      `json:"cpus"`
	Memory            int64    `json:"memory"`
	Images            int      `json:"images"`
	Containers        int      `json:"containers"`
	ContainersRunning int      `json:"containers_running"`
	ContainersPaused  int      `json:"containers_paused"`
	ContainersStopped int      `json:"containers_stopped"`
	Warnings          []string `json:"warnings,omitempty"`
}

// Info asks for the state of the engine.
func (c *Client) Info(ctx context.Context) (Info, error) {
	version, err := c.Version(ctx)
	if err != nil {
		return Info{}, err
	}
	i, err := c.api.Info(ctx)
	if err != nil {
		return Info{}, c.explain(ctx, err)
	}
	return Info{
		ServerVersion: word(i.ServerVersion), APIVersion: version.APIVersion, MinAPIVersion: version.MinAPIVersion,
		OperatingSystem: word(i.OperatingSystem), Kernel: word(i.KernelVersion), Architecture: word(i.Architecture),
		StorageDriver: word(i.Driver), CPUs: i.NCPU, Memory: i.MemTotal, Images: i.Images,
		Containers: i.Containers, ContainersRunning: i.ContainersRunning,
		ContainersPaused: i.ContainersPaused, ContainersStopped: i.ContainersStopped,
		Warnings: i.Warnings,
	}, nil
}

// word is a name or version as dockerd says it.
func word(text string) string { return clip(text, 200) }
