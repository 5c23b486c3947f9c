package provision_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed" // a file of testdata
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/provision"
)

// companyPEM is the certificate of a company's authority.
//
//go:embed testdata/ca.pem
var companyPEM []byte

func companyBundle() provision.Bundle {
	b, err := provision.ParseBundle("ca.pem", companyPEM)
	if err != nil {
		panic(err)
	}
	return b
}

// sent is what the engine gets of a bundle.
func sent(t *testing.T, b provision.Bundle) string {
	t.Helper()
	p, err := provision.Render(machine(), provision.Inputs{ImageSHA512: digest(), CACertificates: []provision.Bundle{b}})
	if err != nil {
		t.Fatal(err)
	}
	values, _, _ := strings.Cut(string(p.File("seed/user-data")), "# shellcheck shell=sh")
	return evaluate(t, []byte(values), "FBDOCK_CA_CERTIFICATES")
}

func TestBundle(t *testing.T) {
	t.Parallel()
	ca := companyPEM
	block, _ := pem.Decode(ca)
	crlf := bytes.ReplaceAll(ca, []byte("\n"), []byte("\r\n"))
	want := string(ca)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"PEM":             {ca, want},
		"without its end": {bytes.TrimSpace(ca), want},
		"CRLF":            {crlf, want},
		"byte order mark": {append([]byte("\xef\xbb\xbf"), crlf...), want},
		"text around":     {[]byte("0 s:/CN=company\n" + string(ca) + "\nBag Attributes\n  friendlyName: x\n"), want},
		"two":             {append(bytes.Clone(ca), ca...), want + want},
		"headers":         {[]byte(strings.Replace(string(ca), "-----\n", "-----\nComment: secret\n\n", 1)), want},
		"old name":        {bytes.ReplaceAll(ca, []byte(" CERTIFICATE"), []byte(" X509 CERTIFICATE")), want},
		"DER":             {block.Bytes, want},
		"two in DER":      {append(bytes.Clone(block.Bytes), block.Bytes...), want + want},
	} {
		b, err := provision.ParseBundle("ca.pem", c.file)
		if err != nil {
			t.Errorf("ParseBundle() of %s: error = %v, want none", name, err)
			continue
		}
		if got := sent(t, b); got != c.want {
			t.Errorf("ParseBundle() of %s: text for the engine (-want +got):\n%s", name, cmp.Diff(c.want, got))
		}
	}
}

// TestBundleRefuses: issue 12, line 10. A private key above all, in whatever
// form, stays on the host.
func TestBundleRefuses(t *testing.T) {
	t.Parallel()
	ca := string(companyPEM)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}))
	other := func(kind string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("anything")}))
	}
	wide := utf16.Encode([]rune("\ufeff" + ca))
	windows := make([]byte, 0, 2*len(wide))
	for _, c := range wide {
		windows = append(windows, byte(c), byte(c>>8))
	}
	for name, c := range map[string]struct{ file, want string }{
		"empty":                        {"", "is empty"},
		"white space":                  {" \r\n\t", "is empty"},
		"only a byte order mark":       {"\xef\xbb\xbf", "is empty"},
		"UTF-16":                       {string(windows), "UTF-16"},
		"text":                         {"ca certificate of the company", "no certificate"},
		"a binary file":                {"\x7fELF\x00", "no certificate"},
		"a key":                        {key, "private key"},
		"a certificate with its key":   {ca + key, "private key"},
		"a key before its certificate": {key + ca, "private key"},
		"an OpenSSH key":               {other("OPENSSH PRIVATE KEY"), "private key"},
		"an encrypted key":             {other("ENCRYPTED PRIVATE KEY"), "private key"},
		"a damaged key":                {ca + strings.Replace(key, "\n", "\n!", 1), "private key"},
		"a key cut short":              {ca + key[:len(key)/2], "private key"},
		"an EC key in DER":             {string(sec1), "private key"},
		"a PKCS #8 key in DER":         {string(pkcs8), "private key"},
		"an RSA key in DER":            {string(x509.MarshalPKCS1PrivateKey(r)), "private key"},
		"PKCS #7":                      {other("PKCS7"), "openssl pkcs7"},
		"PKCS #7 in DER":               {"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0", "openssl pkcs7 -inform DER"},
		"PKCS #12":                     {"\x30\x82\x01\x00\x02\x01\x03\x30\x82\x01\x00", "PKCS #12"},
		"DER cut short":                {"\x30\x82\x01\x00\x30", "neither"},
		"a request":                    {other("CERTIFICATE REQUEST"), "CERTIFICATE REQUEST"},
		"OpenSSL's trusted form":       {other("TRUSTED CERTIFICATE"), "TRUSTED CERTIFICATE"},
		"a certificate of nonsense":    {ca + other("CERTIFICATE"), "certificate 2"},
		"a certificate cut short":      {ca + ca[:len(ca)/2], "damaged"},
	} {
		b, err := provision.ParseBundle("/etc/company.pem", []byte(c.file))
		refused, ok := errors.AsType[*provision.BundleError](err)
		if !ok || !strings.Contains(err.Error()+refused.Hint(), c.want) || !strings.Contains(err.Error(), "/etc/company.pem") || refused.Hint() == "" {
			t.Errorf("%s: %v, want a BundleError with %q", name, err, c.want)
		}
		if got := sent(t, b); got != "" {
			t.Errorf("ParseBundle() of %s: text for the engine = %q, want none", name, got)
		}
	}
}
