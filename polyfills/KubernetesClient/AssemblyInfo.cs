using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("LightReasoner.Polyfills.Tests")]
[assembly: InternalsVisibleTo("KubeOps.Operator")]
