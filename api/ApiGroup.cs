namespace LightReasoner.Api;

/// <summary>Names that every part of the system uses to address the API.</summary>
public static class ApiGroup
{
    /// <summary>The API group of all three kinds.</summary>
    public const string Name = "lightreasoner.io";

    /// <summary>The served and stored version.</summary>
    public const string Version = "v1alpha1";

    /// <summary><c>group/version</c>, as it stands in a manifest's <c>apiVersion</c>.</summary>
    public const string ApiVersion = Name + "/" + Version;

    /// <summary>The category that <c>kubectl get lightreasoner</c> lists.</summary>
    public const string Category = "lightreasoner";

    /// <summary>The audience that progress tokens are issued for.</summary>
    public const string ProgressAudience = "lightreasoner-operator";
}
