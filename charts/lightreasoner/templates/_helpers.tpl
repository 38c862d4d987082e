{{/* Name of the chart, for labels. */}}
{{- define "lightreasoner.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the chart's objects: the release's name, and the chart's where that does not say it. */}}
{{- define "lightreasoner.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "lightreasoner.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* What selects the operator's pods; must never change for a release, since a Deployment's selector is immutable. */}}
{{- define "lightreasoner.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lightreasoner.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "lightreasoner.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "lightreasoner.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "lightreasoner.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "lightreasoner.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Defaults of spec.worker with the cache among them; empty for none. */}}
{{- define "lightreasoner.workerDefaults" -}}
{{- $defaults := deepCopy .Values.worker.defaults }}
{{- with .Values.worker.cache }}
{{- if .volume }}
{{- $_ := set $defaults "volumes" (append ($defaults.volumes | default list) (merge (dict "name" "cache") .volume)) }}
{{- $_ := set $defaults "volumeMounts" (append ($defaults.volumeMounts | default list) (dict "name" "cache" "mountPath" .mountPath)) }}
{{- $_ := set $defaults "env" (append ($defaults.env | default list) (dict "name" "LIGHTREASONER_CACHE" "value" .mountPath)) }}
{{- if .maxSize }}
{{- $_ := set $defaults "env" (append $defaults.env (dict "name" "LIGHTREASONER_CACHE_SIZE" "value" .maxSize)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $defaults }}{{ toYaml $defaults }}{{ end }}
{{- end }}

{{/* An image with its tag or digest. Takes {image, tag}, the latter for where the image has none. */}}
{{- define "lightreasoner.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ default .tag .image.tag }}
{{- end }}
{{- end }}

{{- define "lightreasoner.progressUrl" -}}
{{- default (printf "http://%s.%s.svc:%d" (include "lightreasoner.fullname" .) .Release.Namespace (int .Values.service.port)) .Values.progress.url }}
{{- end }}

{{/* The namespaces that have runs: what a Role for them is called by. */}}
{{- define "lightreasoner.roleKind" -}}
{{- if .Values.watchNamespaces }}Role{{ else }}ClusterRole{{ end }}
{{- end }}

{{/* CEL: whether {value} is one of {names}, where * stands for the rest of a name. */}}
{{- define "lightreasoner.celMatches" -}}
{{- $value := .value }}
{{- range $i, $name := .names }}{{ if $i }} || {{ end }}{{ $value }}{{ if hasSuffix "*" $name }}.startsWith('{{ trimSuffix "*" $name }}'){{ else }} == '{{ $name }}'{{ end }}{{ end }}
{{- end }}
