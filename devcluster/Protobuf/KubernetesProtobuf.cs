using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Protobuf;

/// <summary>
/// Reads the protobuf bodies that kubectl sends for <c>create namespace</c>, <c>create job</c>, <c>auth can-i</c> and the like:
/// four magic bytes, then an Unknown message with the kind and the encoded object.
/// </summary>
internal static class KubernetesProtobuf
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    public static JsonObject Decode(byte[] body)
    {
        if (!body.AsSpan().StartsWith(Magic))
            throw Fail.BadRequest("the body is not Kubernetes protobuf: the prefix 'k8s\\0' is missing");
        string kind = "", version = "";
        ReadOnlyMemory<byte> raw = default;
        foreach (var (number, value) in Fields(body.AsMemory(4)))
        {
            if (number == 1)
            {
                foreach (var (n, v) in Fields(v: value.Bytes))
                {
                    if (n == 1)
                        version = Encoding.UTF8.GetString(v.Bytes.Span);
                    else if (n == 2)
                        kind = Encoding.UTF8.GetString(v.Bytes.Span);
                }
            }
            else if (number == 2)
            {
                raw = value.Bytes;
            }
        }

        if (!ProtobufTypes.Has(kind))
            throw Fail.UnsupportedMediaType(Rest.Negotiation.Accepted);
        var o = Message(kind, raw);
        o["kind"] = kind;
        o["apiVersion"] = version;
        return o;
    }

    private static JsonObject Message(string type, ReadOnlyMemory<byte> data)
    {
        var o = new JsonObject();
        foreach (var (number, value) in Fields(data))
        {
            if (ProtobufTypes.Field(type, number) is not var (name, fieldType))
                continue;
            if (fieldType.StartsWith("[]", StringComparison.Ordinal))
            {
                var list = o[name] as JsonArray ?? [];
                // An empty text in a list is one: the core group, say.
                list.Add(Value(fieldType[2..], value) ?? "");
                if (list.Parent is null)
                    o[name] = list;
            }
            else if (fieldType.StartsWith("map:", StringComparison.Ordinal))
            {
                var key = "";
                JsonNode? item = fieldType == "map:string" ? "" : null;
                foreach (var (n, v) in Fields(value.Bytes))
                {
                    if (n == 1)
                        key = Encoding.UTF8.GetString(v.Bytes.Span);
                    else
                        item = Value(fieldType[4..], v);
                }

                o.Ensure(name)[key] = item;
            }
            else if (Value(fieldType, value) is { } converted)
            {
                o[name] = converted;
            }
        }

        return o;
    }

    // Empty strings and zeros of fields that are not optional mean "not set".
    private static JsonNode? Value(string type, (long Number, ReadOnlyMemory<byte> Bytes) value)
    {
        switch (type)
        {
            case "string":
                return Encoding.UTF8.GetString(value.Bytes.Span) is { Length: > 0 } text ? text : null;
            case "bytes":
                return Convert.ToBase64String(value.Bytes.Span);
            case "int":
                return value.Number;
            case "nonzero":
                return value.Number == 0 ? null : value.Number;
            case "bool":
                return value.Number != 0;
            case "intOrString":
                var either = Fields(value.Bytes).ToDictionary(f => f.Number, f => f.Value);
                return either.TryGetValue(1, out var kind) && kind.Number == 1
                    ? Encoding.UTF8.GetString(either[3].Bytes.Span)
                    : either.TryGetValue(2, out var number) && number.Number != 0 ? number.Number : null;
            case "time":
                var seconds = Fields(value.Bytes).Where(f => f.Number == 1).Select(f => f.Value.Number).FirstOrDefault();
                return seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            case "quantity":
                return Fields(value.Bytes).Where(f => f.Number == 1).Select(f => Encoding.UTF8.GetString(f.Value.Bytes.Span)).FirstOrDefault();
            default:
                return Message(type, value.Bytes);
        }
    }

    private static IEnumerable<(int Number, (long Number, ReadOnlyMemory<byte> Bytes) Value)> Fields(ReadOnlyMemory<byte> v)
    {
        var at = 0;
        while (at < v.Length)
        {
            var tag = Varint(v.Span, ref at);
            switch (tag & 7)
            {
                case 0:
                    yield return ((int)(tag >> 3), ((long)Varint(v.Span, ref at), default));
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(v.Span, ref at);
                    if (length < 0 || length > v.Length - at)
                        throw Fail.BadRequest("the protobuf body is cut off");
                    yield return ((int)(tag >> 3), (0, v.Slice(at, length)));
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw Fail.BadRequest($"the protobuf body has wire type {tag & 7}");
            }
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> data, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= data.Length)
                throw Fail.BadRequest("the protobuf body is cut off");
            var b = data[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
                break;
        }

        return value;
    }
}
