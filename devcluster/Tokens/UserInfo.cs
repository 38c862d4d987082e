namespace LightReasoner.DevCluster.Tokens;

/// <summary>Who asks.</summary>
internal sealed record UserInfo(string Name, string Uid, string[] Groups, IReadOnlyDictionary<string, string[]> Extra)
{
    public static readonly UserInfo Admin = new("admin", "", ["system:masters", "system:authenticated"],
        new Dictionary<string, string[]>());

    public static readonly UserInfo Anonymous = new("system:anonymous", "", ["system:unauthenticated"], new Dictionary<string, string[]>());

    public bool IsAdmin => Groups.Contains("system:masters");

    public JsonObject ToJson()
    {
        var user = new JsonObject { ["username"] = Name };
        if (Uid.Length > 0)
            user["uid"] = Uid;
        if (Groups.Length > 0)
            user["groups"] = JsonAccess.Strings(Groups);
        if (Extra.Count > 0)
            user["extra"] = new JsonObject(Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)JsonAccess.Strings(e.Value))));
        return user;
    }
}
