"""Writes Operations/*.cs: for each API group an interface, its implementation and the XxxAsync forms.

usage: python3 generator/operations.py
"""
import os

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Operations")

CRUD = "create read replace patch delete deletecollection list"
# group property, path, rows of (operation noun, class, list class, plural, namespaced, verbs)
GROUPS = [
    ("CoreV1", "api/v1", [
        ("Pod", "V1Pod", "V1PodList", "pods", True, CRUD + " listall status log"),
        ("ConfigMap", "V1ConfigMap", "V1ConfigMapList", "configmaps", True, CRUD + " listall"),
        ("Secret", "V1Secret", "V1SecretList", "secrets", True, CRUD),
        ("ServiceAccount", "V1ServiceAccount", "V1ServiceAccountList", "serviceaccounts", True, CRUD + " token"),
        ("Event", "Corev1Event", "Corev1EventList", "events", True, CRUD + " listall"),
        ("Namespace", "V1Namespace", "V1NamespaceList", "namespaces", False, "create read replace patch delete list"),
        ("Node", "V1Node", "V1NodeList", "nodes", False, CRUD + " status"),
    ]),
    ("BatchV1", "apis/batch/v1", [("Job", "V1Job", "V1JobList", "jobs", True, CRUD + " listall status")]),
    ("CoordinationV1", "apis/coordination.k8s.io/v1", [("Lease", "V1Lease", "V1LeaseList", "leases", True, CRUD + " listall")]),
    ("EventsV1", "apis/events.k8s.io/v1", [("Event", "Eventsv1Event", "Eventsv1EventList", "events", True, CRUD + " listall")]),
    ("AuthenticationV1", "apis/authentication.k8s.io/v1", [("TokenReview", "V1TokenReview", None, "tokenreviews", False, "create")]),
    ("AuthorizationV1", "apis/authorization.k8s.io/v1", [
        ("SelfSubjectAccessReview", "V1SelfSubjectAccessReview", None, "selfsubjectaccessreviews", False, "create"),
        ("SubjectAccessReview", "V1SubjectAccessReview", None, "subjectaccessreviews", False, "create"),
    ]),
    ("ApiextensionsV1", "apis/apiextensions.k8s.io/v1", [
        ("CustomResourceDefinition", "V1CustomResourceDefinition", "V1CustomResourceDefinitionList", "customresourcedefinitions", False, CRUD + " status")]),
]

# These answer a delete with the object, the others with a Status.
DELETE_RETURNS_OBJECT = {"V1Pod", "V1ServiceAccount"}

WRITE = [("string", "dryRun"), ("string", "fieldManager"), ("string", "fieldValidation")]
DELETE = [("string", "dryRun"), ("int?", "gracePeriodSeconds"), ("bool?", "ignoreStoreReadErrorWithClusterBreakingPotential"),
          ("bool?", "orphanDependents"), ("string", "propagationPolicy")]
LIST = [("bool?", "allowWatchBookmarks"), ("string", "continueParameter"), ("string", "fieldSelector"), ("string", "labelSelector"),
        ("int?", "limit"), ("string", "resourceVersion"), ("string", "resourceVersionMatch"), ("bool?", "sendInitialEvents"),
        ("int?", "timeoutSeconds"), ("bool?", "watch")]
COLLECTION = [("string", "continueParameter"), ("string", "dryRun"), ("string", "fieldSelector"), ("int?", "gracePeriodSeconds"),
              ("bool?", "ignoreStoreReadErrorWithClusterBreakingPotential"), ("string", "labelSelector"), ("int?", "limit"),
              ("bool?", "orphanDependents"), ("string", "propagationPolicy"), ("string", "resourceVersion"),
              ("string", "resourceVersionMatch"), ("bool?", "sendInitialEvents"), ("int?", "timeoutSeconds")]
LOG = [("string", "container"), ("bool?", "follow"), ("bool?", "insecureSkipTLSVerifyBackend"), ("int?", "limitBytes"), ("bool?", "pretty"),
       ("bool?", "previous"), ("int?", "sinceSeconds"), ("string", "stream"), ("int?", "tailLines"), ("bool?", "timestamps")]
PRETTY = [("bool?", "pretty")]
HEADERS = "IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders"


def params(items, optional=True):
    return ", ".join(t + " " + n + (" = null" if o and optional else "") for t, n, o in items)


class Operation:
    def __init__(self, name, returns, method, path, required, optional, item=None, body=None, body_optional=False):
        self.name, self.returns, self.method, self.path, self.item, self.body = name, returns, method, path, item, body
        names = ([(body, "body", False)] if body and not body_optional else []) + [("string", r, False) for r in required]
        names += [(body, "body", True)] if body and body_optional else []
        self.all = names + [(t, n, True) for t, n in optional]
        self.query = optional

    def response(self):
        return "Task<HttpOperationResponse<%s>>" % self.returns

    def interface(self):
        return "    %s %sWithHttpMessagesAsync(%s%s = null, CancellationToken cancellationToken = default);\n" % (
            self.response(), self.name, params(self.all) + (", " if self.all else ""), HEADERS)

    def implementation(self, group):
        query = "".join(', ("%s", %s)' % (n.replace("Parameter", ""), n) for _, n in self.query)
        body = "body" if self.body else "null"
        args = "HttpMethod.%s, $\"%s\", %s, %s, cancellationToken%s" % (self.method, self.path, body, "customHeaders", query)
        call = "SendAsync<%s>(%s)" % (self.returns, args) if self.returns != "Stream" else "SendForStreamAsync(%s)" % args
        return "    %s I%sOperations.%sWithHttpMessagesAsync(%s%s, CancellationToken cancellationToken) =>\n        %s;\n" % (
            self.response(), group, self.name, params(self.all, False) + (", " if self.all else ""), HEADERS, call)

    def extension(self, group):
        listed = [p for p in self.all if p[1] != "watch"]
        passed = ", ".join(("%s: %s" % (n, n)) for _, n, _ in listed) + (", " if listed else "")
        call = "operations.%sWithHttpMessagesAsync(%scancellationToken: cancellationToken).ConfigureAwait(false)" % (self.name, passed)
        head = "    public static async Task<%s> %sAsync(this I%sOperations operations, %sCancellationToken cancellationToken = default)\n    {\n" % (
            self.returns, self.name, group, params(listed) + (", " if listed else ""))
        if self.returns == "Stream":
            text = head + "        return (await %s).Body;\n    }\n" % call
        else:
            text = head + "        using var result = await %s;\n        return result.Body;\n    }\n" % call
        if self.item:
            watched = passed + "watch: true, cancellationToken: "
            text += ("\n    public static IAsyncEnumerable<(WatchEventType, {item})> Watch{name}Async(this I{group}Operations operations, {params}"
                     "Action<Exception> onError = null, CancellationToken cancellationToken = default) =>\n"
                     "        WatcherExt.Events<{item}, {list}>(operations.{name}WithHttpMessagesAsync({watched}cancellationToken), onError, cancellationToken);\n"
                     "\n    public static Watcher<{item}> Watch{name}(this I{group}Operations operations, {params}"
                     "Action<WatchEventType, {item}> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>\n"
                     "        WatcherExt.Start<{item}, {list}>(operations.{name}WithHttpMessagesAsync({watched}CancellationToken.None), onEvent, onError, onClosed);\n"
                     ).format(item=self.item, name=self.name, group=group, list=self.returns, watched=watched,
                              params=params(listed) + (", " if listed else ""))
        return text


def operations(base, noun, cls, lst, plural, namespaced, verbs):
    verbs = verbs.split()
    scope = "Namespaced" if namespaced else ""
    ns = ["namespaceParameter"] if namespaced else []
    many = base + ("/namespaces/{Segment(namespaceParameter)}/" if namespaced else "/") + plural
    one = many + "/{Segment(name)}"
    named = ["name"] + ns
    if "create" in verbs:
        yield Operation("Create" + scope + noun, cls, "Post", many, ns, WRITE + PRETTY, body=cls)
    if "list" in verbs:
        yield Operation("List" + scope + noun, lst, "Get", many, ns, LIST + PRETTY, item=cls)
    if "listall" in verbs:
        order = LIST[:5] + PRETTY + LIST[5:]
        yield Operation("List" + noun + "ForAllNamespaces", lst, "Get", base + "/" + plural, [], order, item=cls)
    for sub in [""] + (["status"] if "status" in verbs else []):
        path, name = (one + "/" + sub).rstrip("/"), scope + noun + sub.capitalize()
        if "read" in verbs:
            yield Operation("Read" + name, cls, "Get", path, named, PRETTY)
        if "replace" in verbs:
            yield Operation("Replace" + name, cls, "Put", path, named, WRITE + PRETTY, body=cls)
        if "patch" in verbs:
            yield Operation("Patch" + name, cls, "Patch", path, named, WRITE + [("bool?", "force")] + PRETTY, body="V1Patch")
    if "delete" in verbs:
        returns = cls if cls in DELETE_RETURNS_OBJECT else "V1Status"
        yield Operation("Delete" + scope + noun, returns, "Delete", one, named, DELETE + PRETTY, body="V1DeleteOptions", body_optional=True)
    if "deletecollection" in verbs:
        yield Operation("DeleteCollection" + scope + noun, "V1Status", "Delete", many, ns, COLLECTION + PRETTY, body="V1DeleteOptions", body_optional=True)
    if "log" in verbs:
        yield Operation("Read" + scope + noun + "Log", "Stream", "Get", one + "/log", named, LOG)
    if "token" in verbs:
        yield Operation("Create" + scope + noun + "Token", "Authenticationv1TokenRequest", "Post", one + "/token", named, WRITE + PRETTY,
                        body="Authenticationv1TokenRequest")


def write(name, text):
    with open(os.path.join(HERE, name), "w") as f:
        f.write("// Written by generator/operations.py; do not edit.\n" + text)


for group, base, rows in GROUPS:
    ops = [op for row in rows for op in operations(base, *row)]
    write("I%sOperations.cs" % group, "namespace k8s;\n\npublic partial interface I%sOperations\n{\n%s}\n" % (group, "\n".join(o.interface() for o in ops)))
    write("AbstractKubernetes.%s.cs" % group, "namespace k8s;\n\npublic partial class AbstractKubernetes : I%sOperations\n{\n    public I%sOperations %s => this;\n\n%s}\n"
          % (group, group, group, "\n".join(o.implementation(group) for o in ops)))
    # One file a kind where a group has many.
    parts = [("", rows)] if len(rows) < 4 else [("." + row[0], [row]) for row in rows]
    for suffix, some in parts:
        methods = "\n".join(op.extension(group) for row in some for op in operations(base, *row))
        write("%sOperationsExtensions%s.cs" % (group, suffix), "namespace k8s;\n\npublic static partial class %sOperationsExtensions\n{\n%s}\n" % (group, methods))
