package provision

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bundle is certificates of a user's file. It holds nothing else: what was
// not parsed as a certificate never reaches a guest.
type Bundle struct {
	pem   []byte
	count int
}

// String says how many certificates these are.
func (b Bundle) String() string {
	if b.count == 1 {
		return "1 certificate"
	}
	return fmt.Sprintf("%d certificates", b.count)
}

// BundleError says why a file is refused as CA certificates.
type BundleError struct {
	File   string
	Reason string
	Next   string
}

func (e *BundleError) Error() string {
	return fmt.Sprintf("%s is no file of CA certificates: %s", e.File, e.Reason)
}

// Hint is the next step for the user.
func (e *BundleError) Hint() string {
	return strings.ReplaceAll(e.Next, "FILE", strconv.Quote(e.File))
}

// What to do about files that are common and are no certificates in PEM.
const (
	onlyCertificates = "keep the key where it is, and write the certificate alone: openssl x509 -in FILE -out ca.pem"
	fromPKCS7        = "take the certificates out: openssl pkcs7 -print_certs -in FILE -out ca.pem"
	fromPKCS12       = "take the certificates out: openssl pkcs12 -cacerts -nokeys -in FILE -out ca.pem"
	inPEM            = "give a file of certificates in PEM, the text that begins with -----BEGIN CERTIFICATE-----"
)

// ParseBundle reads the certificates of the file called name: in PEM, with
// any text around them, a byte order mark and any line ends, or in DER. Anything else that a file has, a
// private key above all, refuses it: it is not what the user meant to send.
func ParseBundle(name string, data []byte) (Bundle, error) {
	b, err := parseBundle(data)
	if refused, ok := errors.AsType[*BundleError](err); ok {
		refused.File = name
	}
	return b, err
}

func parseBundle(data []byte) (Bundle, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return Bundle{}, &BundleError{Reason: "it is empty", Next: inPEM}
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		return Bundle{}, &BundleError{Reason: "it is UTF-16 text", Next: "save it as UTF-8 or ASCII"}
	case data[0] == 0x30 && !bytes.Contains(data, []byte("-----BEGIN ")):
		return parseDER(data)
	}
	return parsePEM(data)
}

func parsePEM(data []byte) (Bundle, error) {
	blocks := 0
	var b Bundle
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks++
		if err := checkBlock(block, blocks); err != nil {
			return Bundle{}, err
		}
		b.add(block.Bytes)
	}
	// The decoder leaves out what it does not understand.
	switch begun := bytes.Count(data, []byte("-----BEGIN ")); {
	case bytes.Contains(data, []byte("PRIVATE KEY-----")):
		return Bundle{}, &BundleError{Reason: "it holds a private key", Next: onlyCertificates}
	case begun == 0:
		return Bundle{}, &BundleError{Reason: "it holds no certificate", Next: inPEM}
	case begun != blocks:
		return Bundle{}, &BundleError{Reason: fmt.Sprintf("%d of its %d blocks are cut short or damaged", begun-blocks, begun), Next: "get the file anew"}
	}
	return b, nil
}

func checkBlock(block *pem.Block, number int) error {
	switch kind := block.Type; {
	case strings.HasSuffix(kind, "PRIVATE KEY"):
		return &BundleError{Reason: "it holds a private key", Next: onlyCertificates}
	case kind == "PKCS7":
		return &BundleError{Reason: "it is a PKCS #7 file", Next: fromPKCS7}
	case kind != "CERTIFICATE" && kind != "X509 CERTIFICATE":
		return &BundleError{Reason: fmt.Sprintf("its block %d is a %s and no certificate", number, kind), Next: inPEM}
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return &BundleError{Reason: fmt.Sprintf("its certificate %d is not understood: %s", number, reasonOf(err)), Next: "get the file anew"}
	}
	return nil
}

// parseDER reads one certificate or several, one after the other.
func parseDER(data []byte) (Bundle, error) {
	certs, err := x509.ParseCertificates(data)
	if err != nil {
		return Bundle{}, whatDER(data, err)
	}
	var b Bundle
	for _, c := range certs {
		b.add(c.Raw)
	}
	return b, nil
}

// pkcs7 and pkcs12 begin such files in DER: the object identifier of the
// first, RFC 5652, and the version of the second, RFC 7292.
var (
	pkcs7  = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	pkcs12 = []byte{0x02, 0x01, 0x03, 0x30}
)

func whatDER(data []byte, err error) error {
	head := data[:min(len(data), 32)]
	if _, key := x509.ParsePKCS8PrivateKey(data); key == nil {
		return &BundleError{Reason: "it is a private key", Next: onlyCertificates}
	}
	if _, key := x509.ParseECPrivateKey(data); key == nil {
		return &BundleError{Reason: "it is a private key", Next: onlyCertificates}
	}
	if _, key := x509.ParsePKCS1PrivateKey(data); key == nil {
		return &BundleError{Reason: "it is a private key", Next: onlyCertificates}
	}
	switch {
	case bytes.Contains(head, pkcs7):
		return &BundleError{Reason: "it is a PKCS #7 file", Next: strings.Replace(fromPKCS7, "pkcs7", "pkcs7 -inform DER", 1)}
	case bytes.Contains(head, pkcs12):
		return &BundleError{Reason: "it is a PKCS #12 file, which may hold a private key", Next: fromPKCS12}
	}
	return &BundleError{Reason: "it is neither a certificate in DER nor text in PEM: " + reasonOf(err), Next: inPEM}
}

// reasonOf is the reason without the name of the package that gives it.
func reasonOf(err error) string { return strings.TrimPrefix(err.Error(), "x509: ") }

func (b *Bundle) add(der []byte) {
	b.count++
	b.pem = append(b.pem, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
}

// joined is the certificates of all bundles in PEM.
func joined(bundles []Bundle) string {
	var all strings.Builder
	for _, b := range bundles {
		all.Write(b.pem)
	}
	return all.String()
}
