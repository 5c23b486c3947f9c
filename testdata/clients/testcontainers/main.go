// Command testcontainers is what a developer's test does with
// Testcontainers: build an image, run it, wait for its port and speak with
// it on the host. Everything it needs to find the engine is in the
// environment that `fbdock env` prints.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: testcontainers FOLDER-WITH-DOCKERFILE")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "testcontainers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string) (err error) {
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			FromDockerfile: testcontainers.FromDockerfile{Context: folder, KeepImage: true},
			ExposedPorts:   []string{"80/tcp"},
			WaitingFor:     wait.ForHTTP("/").WithPort("80/tcp").WithStartupTimeout(2 * time.Minute),
		},
		Started: true,
	})
	if c != nil {
		defer func() {
			if gone := c.Terminate(context.WithoutCancel(ctx)); err == nil {
				err = gone
			}
		}()
	}
	if err != nil {
		return err
	}
	url, err := c.PortEndpoint(ctx, "80/tcp", "http")
	if err != nil {
		return err
	}
	answer, err := http.Get(url) //nolint:noctx // ends with the program
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}
