// Applies the scheme that the reader chose by hand before anything is painted. For pages whose <html> we do not write.
{
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  if (chosen) document.documentElement.dataset.theme = chosen[1];
}
