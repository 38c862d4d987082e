using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>The decoder section of tokenizer.json: ByteLevel, the only one that a byte-level model can have.</summary>
internal static class Decoders
{
    internal static void Check(JsonNode? node, string where)
    {
        if (node is null)
            throw new TokenizerException($"{where}: missing; only byte-level BPE tokenizers are supported");
        var json = Json.Object(node, where);
        switch (Json.Type(json, where))
        {
            case "ByteLevel":
                return;
            case "Sequence" when Json.Array(json, "decoders", where) is [var only]:
                Check(only, where);
                return;
            case var type:
                throw new TokenizerException($"{where}: decoder '{type}' is not supported (ByteLevel is)");
        }
    }

    /// <summary>What an added token decodes to: bytes if its text happens to be of the byte alphabet throughout, else its text.</summary>
    internal static byte[] Bytes(string content)
    {
        var bytes = new byte[content.Length];
        return ByteAlphabet.TryToBytes(content, bytes) ? bytes : Encoding.UTF8.GetBytes(content);
    }
}
