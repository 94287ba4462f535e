const field=document.getElementById("filter");field.closest("p").hidden=false;
field.addEventListener("input",()=>{const wanted=field.value.toLowerCase().split(/\s+/).filter(Boolean);
for(const article of document.querySelectorAll("article"))article.hidden=!wanted.every(word=>article.dataset.words.includes(word));
for(const section of document.querySelectorAll("section"))section.hidden=!section.querySelector("article:not([hidden])")});
