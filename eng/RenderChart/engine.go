package main

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

// A template that includes itself for ever is an error, as in Helm.
const maxDepth = 1000

type engine struct {
	chart   *chart
	objects map[string]interface{}
	depth   map[string]int
}

func newEngine(c *chart, request Request, values map[string]interface{}) *engine {
	return &engine{chart: c, depth: map[string]int{}, objects: map[string]interface{}{
		"Values":  values,
		"Chart":   c.metadata,
		"Release": request.Release,
		"Files":   c.files,
		"Capabilities": map[string]interface{}{
			"KubeVersion": newKubeVersion(request.KubeVersion),
			"APIVersions": versionSet(request.APIVersions),
			"HelmVersion": map[string]interface{}{"Version": "v3.11.0"},
		},
	}}
}

func (e *engine) run() (Answer, error) {
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(e.functions(root))
	names := make([]string, 0, len(e.chart.templates))
	for name := range e.chart.templates {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, err := root.New(e.qualified(name)).Parse(e.chart.templates[name]); err != nil {
			return Answer{}, fmt.Errorf("parse error: %w", err)
		}
	}
	answer := Answer{Files: map[string]string{}}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		objects := map[string]interface{}{"Template": map[string]interface{}{"Name": e.qualified(name), "BasePath": e.qualified("templates")}}
		for key, value := range e.objects {
			objects[key] = value
		}
		text, err := e.execute(root, e.qualified(name), objects)
		if err != nil {
			return Answer{}, err
		}
		if path.Base(name) == "NOTES.txt" {
			answer.Notes = text
		} else if strings.TrimSpace(text) != "" {
			answer.Files[name] = text
		}
	}
	return answer, nil
}

func (e *engine) qualified(name string) string { return fmt.Sprint(e.chart.metadata["Name"]) + "/" + name }

func (e *engine) execute(t *template.Template, name string, data interface{}) (string, error) {
	var text strings.Builder
	if err := t.ExecuteTemplate(&text, name, data); err != nil {
		return "", err
	}
	// text/template writes this for a missing key in spite of missingkey=zero where the map holds interfaces.
	return strings.ReplaceAll(text.String(), "<no value>", ""), nil
}

func (e *engine) functions(root *template.Template) template.FuncMap {
	functions := sprig.TxtFuncMap()
	// Helm keeps the environment of whoever installs out of charts.
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(v interface{}) string {
		text, err := yaml.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	functions["fromYaml"] = func(text string) map[string]interface{} {
		m := map[string]interface{}{}
		if err := yaml.Unmarshal([]byte(text), &m); err != nil {
			m["Error"] = err.Error()
		}
		return m
	}
	functions["fromYamlArray"] = func(text string) []interface{} {
		a := []interface{}{}
		if err := yaml.Unmarshal([]byte(text), &a); err != nil {
			a = []interface{}{err.Error()}
		}
		return a
	}
	functions["toJson"] = func(v interface{}) string {
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
	functions["fromJson"] = func(text string) map[string]interface{} {
		m := map[string]interface{}{}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			m["Error"] = err.Error()
		}
		return m
	}
	functions["fromJsonArray"] = func(text string) []interface{} {
		a := []interface{}{}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			a = []interface{}{err.Error()}
		}
		return a
	}
	functions["required"] = func(warning string, v interface{}) (interface{}, error) {
		if text, isText := v.(string); v == nil || isText && text == "" {
			return v, fmt.Errorf("%s", warning)
		}
		return v, nil
	}
	// As in `helm template`: there is no cluster to look into.
	functions["lookup"] = func(apiVersion, kind, namespace, name string) map[string]interface{} { return map[string]interface{}{} }
	functions["include"] = func(name string, data interface{}) (string, error) {
		if e.depth[name]++; e.depth[name] > maxDepth {
			return "", fmt.Errorf("rendering template has a nested reference name: %s", name)
		}
		defer func() { e.depth[name]-- }()
		return e.execute(root, name, data)
	}
	functions["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := root.Clone()
		if err != nil {
			return "", err
		}
		if _, err := clone.New("tpl").Parse(text); err != nil {
			return "", fmt.Errorf("cannot parse template %q: %w", text, err)
		}
		return e.execute(clone, "tpl", data)
	}
	return functions
}
