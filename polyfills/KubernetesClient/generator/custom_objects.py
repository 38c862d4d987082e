"""Writes Operations/*CustomObjects*.cs: the operations on resources that are known only by group, version and plural.

usage: python3 generator/custom_objects.py
"""
from operations import HEADERS, DELETE, LIST, PRETTY, WRITE, params, write

BASE = "{Api(group)}/{Segment(version)}"
LISTED = [("bool?", "allowWatchBookmarks"), ("string", "continueParameter"), ("string", "fieldSelector"), ("string", "labelSelector"),
          ("int?", "limit"), ("string", "resourceVersion"), ("string", "resourceVersionMatch"), ("int?", "timeoutSeconds"),
          ("bool?", "watch"), ("bool?", "pretty")]
DELETED = [("int?", "gracePeriodSeconds"), ("bool?", "orphanDependents"), ("string", "propagationPolicy"), ("string", "dryRun")]


def operation(name, method, path, required, optional, body=None, body_optional=False):
    items = ([(body, "body", False)] if body and not body_optional else []) + [("string", r, False) for r in required]
    items += [(body, "body", True)] if body and body_optional else []
    items += [(t, n, True) for t, n in optional]
    query = "".join(', ("%s", %s)' % (n.replace("Parameter", ""), n) for _, n in optional)
    head = "Task<HttpOperationResponse<{0}>> {1}{2}WithHttpMessagesAsync{3}({4}, %s{5}, CancellationToken cancellationToken{6})" % HEADERS
    passed = ", ".join(n for _, n, _ in items)
    interface = "".join("    " + head.format(r, "", name, g, params(items), " = null", " = default") + ";\n\n" for r, g in (("object", ""), ("T", "<T>")))
    send = 'SendAsync<%s>(HttpMethod.%s, $"%s", %s, customHeaders, cancellationToken%s)'
    code = "".join("    " + head.format(r, "ICustomObjectsOperations.", name, g, params(items, False), "", "") + " =>\n        "
                   + send % (r, method, path, "body" if body else "null", query) + ";\n\n" for r, g in (("object", ""), ("T", "<T>")))
    listed = [p for p in items if p[1] != "watch"]
    named = ", ".join("%s: %s" % (n, n) for _, n, _ in listed)
    extension = "".join(
        "    public static async Task<%s> %sAsync%s(this ICustomObjectsOperations operations, %s, CancellationToken cancellationToken = default)\n    {\n"
        "        using var result = await operations.%sWithHttpMessagesAsync%s(%s, cancellationToken: cancellationToken).ConfigureAwait(false);\n"
        "        return result.Body;\n    }\n\n" % (r, name, g, params(listed), name, g, named) for r, g in (("object", ""), ("T", "<T>")))
    return interface, code, extension


def main():
    parts = []
    for scope, ns in (("Namespaced", ["namespaceParameter"]), ("Cluster", [])):
        many = BASE + ("/namespaces/{Segment(namespaceParameter)}" if ns else "") + "/{Segment(plural)}"
        address = ["group", "version"] + ns + ["plural"]
        named, one = address + ["name"], many + "/{Segment(name)}"
        parts.append(operation("Create%sCustomObject" % scope, "Post", many, address, WRITE + PRETTY, body="object"))
        parts.append(operation("List%sCustomObject" % scope, "Get", many, address, LISTED))
        parts.append(operation("Get%sCustomObject" % scope, "Get", one, named, []))
        parts.append(operation("Delete%sCustomObject" % scope, "Delete", one, named, DELETED, body="V1DeleteOptions", body_optional=True))
        for sub in ("", "Status"):
            path = one + ("/status" if sub else "")
            parts.append(operation("Replace%sCustomObject%s" % (scope, sub), "Put", path, named, WRITE, body="object"))
            parts.append(operation("Patch%sCustomObject%s" % (scope, sub), "Patch", path, named, WRITE + [("bool?", "force")], body="object"))
    write("ICustomObjectsOperations.cs", "namespace k8s;\n\npublic partial interface ICustomObjectsOperations\n{\n%s}\n" % "".join(p[0] for p in parts).rstrip("\n").__add__("\n"))
    write("AbstractKubernetes.CustomObjects.cs",
          "namespace k8s;\n\npublic partial class AbstractKubernetes : ICustomObjectsOperations\n{\n    public ICustomObjectsOperations CustomObjects => this;\n\n%s\n"
          "    private static string Api(string group) => string.IsNullOrEmpty(group) ? \"api\" : \"apis/\" + Uri.EscapeDataString(group);\n}\n" % "".join(p[1] for p in parts))
    write("CustomObjectsOperationsExtensions.cs", "namespace k8s;\n\npublic static partial class CustomObjectsOperationsExtensions\n{\n%s}\n" % "".join(p[2] for p in parts).rstrip("\n").__add__("\n"))


main()
