using Google.Protobuf;

namespace LightReasoner.DevCluster.Rest;

/// <summary>
/// The protobuf bodies of <c>kubectl create namespace|configmap|secret|serviceaccount|token</c>, of <c>kubectl auth</c>, and of Helm's
/// releases (Secrets), which cannot be sent as JSON: four magic bytes, then an Unknown message with the kind and the encoded object.
/// </summary>
internal static class KubectlProtobuf
{
    private static readonly Dictionary<string, Dictionary<int, (string Name, string Type)>> Messages = """
        Unknown: 1 typeMeta TypeMeta, 2 raw bytes
        TypeMeta: 1 apiVersion string, 2 kind string
        ObjectMeta: 1 name string, 3 namespace string, 11 labels map, 12 annotations map
        Namespace: 1 metadata ObjectMeta
        ConfigMap: 1 metadata ObjectMeta, 2 data map, 3 binaryData bytesMap
        Secret: 1 metadata ObjectMeta, 2 data bytesMap, 3 type string, 4 stringData map
        ServiceAccount: 1 metadata ObjectMeta
        DeleteOptions: 1 gracePeriodSeconds int, 2 preconditions Preconditions, 4 propagationPolicy string, 5 dryRun list
        Preconditions: 1 uid string, 2 resourceVersion string
        TokenRequest: 1 metadata ObjectMeta, 2 spec TokenRequestSpec
        TokenRequestSpec: 1 audiences list, 4 expirationSeconds int
        SelfSubjectReview: 1 metadata ObjectMeta
        SelfSubjectAccessReview: 2 spec SelfSubjectAccessReviewSpec
        SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
        ResourceAttributes: 1 namespace string, 2 verb string, 3 group string, 5 resource string, 6 subresource string, 7 name string
        NonResourceAttributes: 1 path string, 2 verb string
        """.Split('\n').Select(line => line.Split(": ")).ToDictionary(
        line => line[0],
        line => line[1].Split(", ").Select(field => field.Split(' '))
            .ToDictionary(f => int.Parse(f[0], System.Globalization.CultureInfo.InvariantCulture), f => (f[1], f[2])));

    public static JsonObject Decode(byte[] body)
    {
        try
        {
            var unknown = Message("Unknown", ByteString.CopyFrom(body.AsSpan(4)));
            var kind = unknown.Text("typeMeta", "kind") ?? "";
            if (!Messages.ContainsKey(kind))
                throw Fail.UnsupportedMediaType(Negotiation.Accepted);
            var o = Message(kind, ByteString.FromBase64(unknown.Text("raw")));
            o["kind"] = kind;
            o["apiVersion"] = unknown.Text("typeMeta", "apiVersion");
            return o;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException)
        {
            throw Fail.BadRequest($"the body is not Kubernetes protobuf: {e.Message}");
        }
    }

    private static JsonObject Message(string type, ByteString bytes)
    {
        var o = new JsonObject();
        using var input = bytes.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (!Messages[type].TryGetValue(WireFormat.GetTagFieldNumber(tag), out var field))
                input.SkipLastField();
            else if (field.Type == "int")
                o[field.Name] = input.ReadInt64();
            else
                Add(o, field.Name, field.Type, input.ReadBytes());
        }

        return o;
    }

    private static void Add(JsonObject o, string name, string type, ByteString value)
    {
        switch (type)
        {
            // An empty string of a field that is not optional means "not set".
            case "string" when value.IsEmpty:
                break;
            case "string":
                o[name] = value.ToStringUtf8();
                break;
            case "bytes":
                o[name] = value.ToBase64();
                break;
            case "list":
                o[name] = JsonAccess.Strings(o[name].Strings().Append(value.ToStringUtf8()));
                break;
            case "map" or "bytesMap":
                using (var entry = value.CreateCodedInput())
                {
                    ByteString key = ByteString.Empty, item = ByteString.Empty;
                    while (entry.ReadTag() is var tag and not 0)
                        (key, item) = WireFormat.GetTagFieldNumber(tag) == 1 ? (entry.ReadBytes(), item) : (key, entry.ReadBytes());
                    o.Ensure(name)[key.ToStringUtf8()] = type == "map" ? item.ToStringUtf8() : item.ToBase64();
                }

                break;
            default:
                o[name] = Message(type, value);
                break;
        }
    }
}
