package redact

import (
	"encoding/json"
	"fmt"
)

// Proxy is how a computer reaches the network; an empty value is none. Printed, logged or as JSON it has no user and no
// password: who needs those takes them from the fields.
type Proxy struct {
	HTTP  string `json:"http,omitempty"`
	HTTPS string `json:"https,omitempty"`
	No    string `json:"no,omitempty"`
}

func (p Proxy) redacted() Proxy {
	return Proxy{HTTP: URL(p.HTTP), HTTPS: URL(p.HTTPS), No: p.No}
}

// String is for messages and logs.
func (p Proxy) String() string {
	p = p.redacted()
	return fmt.Sprintf("http %q, https %q, no %q", p.HTTP, p.HTTPS, p.No)
}

// MarshalJSON is for answers to programs.
func (p Proxy) MarshalJSON() ([]byte, error) {
	type plain Proxy
	return json.Marshal(plain(p.redacted()))
}
