// Renders a Helm chart as Helm does, without Helm: Go's text/template, sprig, and Helm's own functions and objects.
// Reads a request from standard input, writes the answer to standard output, both JSON; with the argument "manifest",
// writes the objects as one YAML file.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Request says which chart is rendered, and as what.
type Request struct {
	Chart       string                   `json:"chart"`
	Release     Release                  `json:"release"`
	Values      []map[string]interface{} `json:"values"` // laid over the chart's own, in order, as several -f are
	KubeVersion string                   `json:"kubeVersion"`
	APIVersions []string                 `json:"apiVersions"`
}

// Release is .Release.
type Release struct {
	Name, Namespace, Service string
	Revision                 int
	IsInstall, IsUpgrade     bool
}

// Answer holds what each template rendered to, or why the chart could not be rendered.
type Answer struct {
	Files map[string]string `json:"files,omitempty"`
	Notes string            `json:"notes,omitempty"`
	Error string            `json:"error,omitempty"`
}

func main() {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fmt.Fprintln(os.Stderr, "render-chart: the request is not JSON:", err)
		os.Exit(64)
	}
	answer, err := render(request)
	if len(os.Args) == 2 && os.Args[1] == "manifest" {
		text := ""
		if err == nil {
			text, err = manifest(answer)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "render-chart:", err)
			os.Exit(65)
		}
		fmt.Print(text)
		return
	}
	if err != nil {
		answer = Answer{Error: err.Error()}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, "render-chart:", err)
		os.Exit(74)
	}
}

func render(request Request) (Answer, error) {
	chart, err := loadChart(request.Chart)
	if err != nil {
		return Answer{}, err
	}
	if err := chart.checkKubeVersion(request.KubeVersion); err != nil {
		return Answer{}, err
	}
	values := chart.values
	for _, over := range request.Values {
		values = coalesce(over, values)
	}
	// Helm always passes this, for charts that are parts of others.
	if _, given := values["global"]; !given {
		values["global"] = map[string]interface{}{}
	}
	if err := chart.checkValues(values); err != nil {
		return Answer{}, err
	}
	return newEngine(chart, request, values).run()
}
