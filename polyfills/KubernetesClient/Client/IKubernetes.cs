namespace k8s;

public partial interface IBasicKubernetes
{
    ICoreV1Operations CoreV1 { get; }

    IBatchV1Operations BatchV1 { get; }

    ICoordinationV1Operations CoordinationV1 { get; }

    IEventsV1Operations EventsV1 { get; }

    IAuthenticationV1Operations AuthenticationV1 { get; }

    IAuthorizationV1Operations AuthorizationV1 { get; }

    IApiextensionsV1Operations ApiextensionsV1 { get; }

    ICustomObjectsOperations CustomObjects { get; }

    IVersionOperations Version { get; }
}

public partial interface IKubernetes : IBasicKubernetes, IDisposable
{
    /// <summary>The address of the API server, with a slash at its end.</summary>
    Uri BaseUri { get; set; }
}
