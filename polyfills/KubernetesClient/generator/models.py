"""Writes Models/<group>/*.cs from the OpenAPI v3 documents of an API server.

usage: python3 generator/models.py FOLDER      FOLDER holds index.json, api/v1.json, apis/<group>/<version>.json
"""
import glob
import json
import os
import re
import shutil
import sys

ROOTS = """
core.v1: Pod PodList ConfigMap ConfigMapList Secret SecretList ServiceAccount ServiceAccountList
         Namespace NamespaceList Event EventList
batch.v1: Job JobList
coordination.v1: Lease LeaseList
events.v1: Event EventList
authentication.v1: TokenReview TokenRequest
authorization.v1: SelfSubjectAccessReview SubjectAccessReview
apiextensions.v1: CustomResourceDefinition CustomResourceDefinitionList
meta.v1: Status DeleteOptions Condition
"""

# Fields that came after the Kubernetes version which the published package follows.
LATER = {"PodSpec.schedulingGroup", "ListMeta.shardInfo", "PodStatus.nodeAllocatableResourceClaimStatuses",
         "VolumeMountStatus.volumeStatus"}

# Kinds that exist in several groups carry the group in the class name.
SHARED = {("core", "Event"), ("core", "EventList"), ("core", "EventSeries"), ("core", "ResourceClaim"),
          ("events", "Event"), ("events", "EventList"), ("events", "EventSeries"),
          ("authentication", "TokenRequest"),
          ("apiextensions", "ServiceReference"), ("apiextensions", "WebhookClientConfig")}

SPECIAL = {"Quantity": "ResourceQuantity", "IntOrString": "IntOrString", "Time": "DateTime", "MicroTime": "DateTime",
           "FieldsV1": "object", "JSON": "object", "JSONSchemaPropsOrArray": "object", "JSONSchemaPropsOrBool": "object",
           "JSONSchemaPropsOrStringArray": "object", "RawExtension": "object"}
VALUES = {"IntOrString", "DateTime", "int", "long", "bool", "double"}
RENAMED = {"namespace", "continue", "default", "operator", "enum", "object", "readOnly", "from"}


def load(folder):
    schemas = {}
    for path in glob.glob(folder + "/**/*.json", recursive=True):
        with open(path) as f:
            schemas.update(json.load(f).get("components", {}).get("schemas", {}))
    return schemas


def split(key):
    parts = key.split(".")
    return parts[-3], parts[-2], parts[-1]          # group, version, kind


def class_name(key):
    group, version, kind = split(key)
    if kind in SPECIAL:
        return SPECIAL[kind]
    if (group, kind) in SHARED:
        return group.capitalize() + version + kind
    return version[0].upper() + version[1:] + kind


def property_name(name):
    if name in RENAMED:
        name += "Property"
    if name == "$ref":
        name = "refProperty"
    name = name.lstrip("$")
    return "".join(part[0].upper() + part[1:] for part in re.split("-", name))


def reference(schema):
    ref = schema.get("$ref") or next((s["$ref"] for s in schema.get("allOf", []) if "$ref" in s), None)
    return ref and ref.rsplit("/", 1)[1]


def type_of(schema, required, name):
    ref = reference(schema)
    if ref:
        t = class_name(ref)
    elif schema.get("type") == "array":
        return "IList<%s>" % type_of(schema["items"], True, name)
    elif "additionalProperties" in schema:
        return "IDictionary<string, %s>" % type_of(schema["additionalProperties"], True, name)
    elif schema.get("type") == "integer":
        t = "long" if schema.get("format") == "int64" else "int"
    elif schema.get("type") == "number":
        t = "double"
    elif schema.get("type") == "boolean":
        t = "bool"
    elif schema.get("type") == "string":
        t = {"byte": "byte[]", "date-time": "DateTime"}.get(schema.get("format"), "string")
    else:
        t = "object"
    optional = t in VALUES and (not required or name == "eventTime")
    return t + ("?" if optional else "")


def write_class(key, schema, folder):
    group, _, kind = split(key)
    name, fields = class_name(key), []
    required = set(schema.get("required", []))
    for prop, value in schema.get("properties", {}).items():
        if kind + "." + prop in LATER:
            continue
        lines = ['    [JsonPropertyName("%s")]' % prop]
        if (reference(value) or "").endswith(".MicroTime"):
            lines.append("    [JsonConverter(typeof(MicroTimeConverter))]")
        lines.append("    public %s %s { get; set; }" % (type_of(value, prop in required, prop), property_name(prop)))
        fields.append("\n".join(lines))
    bases, constants, attribute = [], [], ""
    gvk = schema.get("x-kubernetes-group-version-kind", [])
    if len(gvk) == 1 or kind == "Status":
        g, v, k = gvk[0]["group"], gvk[0]["version"], gvk[0]["kind"]
        props = schema["properties"]
        meta = class_name(reference(props["metadata"])) if "metadata" in props else None
        bases.append("IKubernetesObject<%s>" % meta if meta else "IKubernetesObject")
        if "items" in props:
            bases.append("IItems<%s>" % type_of(props["items"]["items"], True, ""))
        elif "spec" in props:
            bases.append("ISpec<%s>" % class_name(reference(props["spec"])))
        plural = k.lower() + "s" if not kind.endswith("List") else k[:-4].lower() + "s"
        attribute = ("[KubernetesEntity(Group = KubeGroup, Kind = KubeKind, ApiVersion = KubeApiVersion, PluralName = KubePluralName)]\n")
        for constant, value in (("ApiVersion", v), ("Kind", k), ("Group", g), ("PluralName", plural)):
            constants.append('    public const string Kube%s = "%s";' % (constant, value))
    body = ("\n".join(constants) + "\n\n" if constants else "") + "\n\n".join(fields)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".cs"), "w") as f:
        f.write("// Written by generator/models.py; do not edit.\nnamespace k8s.Models;\n\n%spublic partial class %s%s\n{\n%s\n}\n"
                % (attribute, name, " : " + ", ".join(bases) if bases else "", body))


def main(documents):
    schemas = load(documents)
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Models")
    wanted = []
    for entry in re.findall(r"(\w+)\.(v1): ([^:]*)(?=\n\w|\Z)", ROOTS):
        for kind in entry[2].split():
            wanted.append(next(k for k in schemas if split(k) == (entry[0], entry[1], kind)))
    for group in {split(k)[0] for k in schemas}:
        shutil.rmtree(os.path.join(here, group.capitalize()), ignore_errors=True)
    done = set()
    while wanted:
        key = wanted.pop()
        if key in done or split(key)[2] in SPECIAL:
            continue
        done.add(key)
        write_class(key, schemas[key], os.path.join(here, split(key)[0].capitalize()))
        for prop, value in schemas[key].get("properties", {}).items():
            if split(key)[2] + "." + prop not in LATER:
                wanted += [r.rsplit("/", 1)[1] for r in re.findall(r'"\$ref": "([^"]+)"', json.dumps(value))]
    print(len(done), "classes")


main(sys.argv[1])
